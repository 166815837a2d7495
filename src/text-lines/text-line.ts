/** A point in pixels of the upright image: x to the right, y downwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Corners of a rotated rectangle in reading order: top-left, top-right, bottom-right, bottom-left. */
export type Quad = readonly [Point, Point, Point, Point];

/** One recognised character. */
export interface RecognisedCharacter {
  readonly text: string;
  /** Probability of this character at its time step, 0-1, as the recogniser gave it (not calibrated). */
  readonly confidence: number;
  /** Centre of the character along the line, 0 at its left edge and 1 at its right one. */
  readonly position: number;
  /** No blank stands behind it: the ink was measured. */
  readonly isJoined?: true;
}

/**
 * The recogniser's output for one line, kept so that a field can be decoded again with an alphabet of its own
 * (digits for the NIK, letters for a name). Row-major [steps, characters.length]; column 0 is the CTC blank.
 */
export interface Emissions {
  /** Text of each column; '' for the CTC blank in column 0. */
  readonly characters: readonly string[];
  readonly steps: number;
  /** Probabilities (after softmax), steps * characters.length values. */
  readonly probabilities: Float32Array;
}

/** A line of text that was found and read on a page. Knows nothing of KTPs. */
export interface TextLine {
  readonly text: string;
  /** Mean of the characters' confidences, 0-1; 0 for an empty line. */
  readonly confidence: number;
  readonly characters: readonly RecognisedCharacter[];
  readonly quad: Quad;
  readonly emissions?: Emissions;
  /** Of print in pieces, of which letters may be unread: how wide it is, in the distance of two rows. */
  readonly brokenWidth?: number;
}

/** Size in pixels of the upright image that the lines' coordinates refer to. */
export interface PageSize {
  readonly width: number;
  readonly height: number;
}
