import type { FieldName } from '../../src/ktp/field-names.ts';

export type Fields = Record<FieldName, string | null>;

/** What a perfect reader would answer for one picture. */
export interface Truth {
  readonly document: 'ktp';
  readonly seed: string;
  readonly level: string;
  readonly strength: string;
  /** Values as in the full shape: dates in ISO 8601, allowed values in their first spelling, null where not printed. */
  readonly fields: Fields;
  /** The same as the card spells them (dates DD-MM-YYYY); an answer in this spelling is right as well. */
  readonly printed: Fields;
  /** Fields that glare, a finger or the picture's edge makes unreadable: null is the right answer. */
  readonly hidden: readonly FieldName[];
  /** Corners of each printed value in pixels of the picture, clockwise from its top left. */
  readonly quads: Partial<Record<FieldName, ReadonlyArray<readonly [number, number]>>>;
}

/** What a perfect reader would answer for a picture that shows no KTP. */
export interface NegativeTruth {
  readonly document: 'other';
  readonly seed: string;
  readonly level: string;
  readonly strength: string;
}
