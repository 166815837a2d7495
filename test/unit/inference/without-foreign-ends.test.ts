import { describe, expect, it } from 'vitest';
import { withoutForeignEnds } from '../../../src/inference/card-reader/without-foreign-ends.ts';
import { RasterPyramid } from '../../../src/media/raster.ts';
import { IDENTITY } from '../../../src/text-lines/homography.ts';
import type { TextLine } from '../../../src/text-lines/text-line.ts';

const [PITCH, HEIGHT] = [20, 32];
const PAPER = [200, 222, 230] as const;
const BLACK = [30, 30, 32] as const;
const VIOLET = [150, 110, 190] as const;
const PALE_GREY = [128, 142, 147] as const;
const STRAY = 'RSX';

type Colour = readonly [number, number, number];

/** A line of text, and a picture that shows a bar of some ink for each of its letters. */
function lineOf(text: string, inkAt: (index: number) => Colour, paperAt: (index: number) => Colour = () => PAPER) {
  const width = text.length * PITCH;
  const data = new Uint8Array(width * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < width; x++) {
      const index = Math.floor(x / PITCH);
      const isInk = text[index] !== ' ' && x % PITCH > 6 && x % PITCH < 14 && y > 5 && y < 27;
      data.set(isInk ? inkAt(index) : paperAt(index), (y * width + x) * 3);
    }
  }
  const characters = [...text].map((character, index) => ({
    text: character,
    confidence: 0.98,
    position: (index + 0.5) / text.length,
  }));
  const line: TextLine = {
    text,
    confidence: 0.98,
    characters,
    quad: [
      { x: 0, y: 0 },
      { x: width, y: 0 },
      { x: width, y: HEIGHT },
      { x: 0, y: HEIGHT },
    ],
    emissions: { characters: ['', 'A'], steps: 2 * text.length, probabilities: new Float32Array(4 * text.length) },
  };
  return { line, picture: new RasterPyramid({ width, height: HEIGHT, data }) };
}

function read(...drawn: Parameters<typeof lineOf>): TextLine {
  const { line, picture } = lineOf(...drawn);
  return withoutForeignEnds(picture, IDENTITY, [line])[0] as TextLine;
}

const from = (index: number, ink: Colour) => (at: number) => (at < index ? BLACK : ink);

describe('withoutForeignEnds', () => {
  it.each([
    ['coloured', VIOLET],
    ['fainter than the print', PALE_GREY],
  ])('takes letters off a name that a stamp left there: they are %s', (_, ink) => {
    expect(read('NURUL HIDAYATULLAHR', from(18, ink)).text).toBe('NURUL HIDAYATULLAH');
    expect(read('SITI RAHMAWATI SX', from(15, ink)).text).toBe('SITI RAHMAWATI');
  });

  it('cuts the place of the line and what the recogniser saw there with its letters', () => {
    const text = 'SITI RAHMAWATI SX';
    const cut = read(text, from(15, VIOLET));
    const share = cut.quad[1].x / (text.length * PITCH);
    expect(cut.quad[1].x).toBeGreaterThan(14 * PITCH);
    expect(cut.quad[1].x).toBeLessThan(15 * PITCH + PITCH / 2);
    expect(cut.emissions?.steps).toBe(Math.round(share * 2 * text.length));
    expect(cut.characters.at(-1)?.position).toBeCloseTo(13.5 / text.length / share, 5);
  });

  it('keeps black letters that coloured ink lies over', () => {
    // The stamp's ink stands where paper was, in front of and behind the strokes.
    const over = (index: number): Colour => (index < 12 ? PAPER : VIOLET);
    expect(read('SITI RAHMAWATI', () => BLACK, over).text).toBe('SITI RAHMAWATI');
  });

  it('keeps a black digit that ink half covers', () => {
    expect(read('JL. SUDIRMAN NO. 24', from(18, [72, 46, 46])).text).toBe('JL. SUDIRMAN NO. 24');
    expect(read('JL. SUDIRMAN NO. 24', from(18, PALE_GREY)).text).toBe('JL. SUDIRMAN NO. 24');
  });

  it('keeps the faint letters of print that is worn all over', () => {
    const worn = (index: number): Colour => (index % 3 === 0 ? PALE_GREY : BLACK);
    expect(read('SITI RAHMAWATIS', worn).text).toBe('SITI RAHMAWATIS');
  });

  it('keeps letters that light has washed out', () => {
    const ink = from(12, [190, 200, 205]);
    expect(read('SITI RAHMAWAT', ink, (index) => (index < 11 ? PAPER : [222, 236, 240])).text).toBe('SITI RAHMAWAT');
  });

  it('keeps a faint stroke or stop, which blur thins', () => {
    expect(read('SUKAMAJU II', from(10, PALE_GREY)).text).toBe('SUKAMAJU II');
    expect(read('ANDI BAU S.', from(10, PALE_GREY)).text).toBe('ANDI BAU S.');
  });

  it('keeps the faint last letter of a short word, which may look so by chance', () => {
    expect(read(': ISLAM', from(6, PALE_GREY)).text).toBe(': ISLAM');
  });

  it('keeps a line of one ink, whatever its colour, and one in which too much differs', () => {
    expect(read('SITI RAHMAWATI', () => VIOLET).text).toBe('SITI RAHMAWATI');
    expect(read(`SITI ${STRAY}${STRAY}`, from(4, VIOLET)).text).not.toBe('SITI');
  });

  it('leaves labels and short lines alone', () => {
    expect(read('Gol. Darah X', from(11, VIOLET)).text).toBe('Gol. Darah X');
    expect(read('O RH', from(3, VIOLET)).text).toBe('O RH');
  });
});
