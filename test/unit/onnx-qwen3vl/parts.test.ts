import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ropePositions } from '../../../src/inference/onnx-qwen3vl/positions.ts';
import { RepetitionLoop } from '../../../src/inference/onnx-qwen3vl/repetition-loop.ts';
import { Sampler, type SamplerOptions } from '../../../src/inference/onnx-qwen3vl/sampler.ts';
import { roundHalfToEven, smartResize, smartResizeVideo } from '../../../src/inference/onnx-qwen3vl/smart-resize.ts';
import { StopStrings } from '../../../src/inference/onnx-qwen3vl/stop-strings.ts';
import { timestampsOf } from '../../../src/inference/onnx-qwen3vl/timestamps.ts';
import { TokenText } from '../../../src/inference/onnx-qwen3vl/token-text.ts';
import { ModelTokenizer } from '../../../src/inference/onnx-qwen3vl/tokenizer.ts';
import { TINY_MODEL } from '../../support/qwen3vl-tiny.ts';

const json = (name: string): unknown => JSON.parse(readFileSync(join(TINY_MODEL, name), 'utf8'));
const tokenizer = new ModelTokenizer(json('tokenizer.json'), json('tokenizer_config.json'));
const BUDGET = { minPixels: 65_536, maxPixels: 1_048_576 };

describe('smart resize', () => {
  it('rounds halves to the even neighbour, as Python does', () => {
    expect([0.5, 1.5, 2.5, 3.5, 2.4, 2.6].map(roundHalfToEven)).toEqual([0, 2, 2, 4, 2, 3]);
    // 400 / 32 = 12.5: Math.round would make it 416.
    expect(smartResize({ width: 400, height: 400 }, BUDGET)).toEqual({ width: 384, height: 384 });
  });

  it.each([
    [
      { width: 4000, height: 2500 },
      { width: 1280, height: 800 },
    ],
    [
      { width: 50, height: 40 },
      { width: 288, height: 256 },
    ],
    [
      { width: 2000, height: 10 },
      { width: 3648, height: 32 },
    ],
  ])('makes of %j what the reference makes of it', (size, want) => {
    expect(smartResize(size, BUDGET)).toEqual(want);
  });

  it('gives a video one budget for all of its frames', () => {
    expect(smartResizeVideo(5, { width: 640, height: 480 }, BUDGET)).toEqual({ width: 512, height: 384 });
    expect(smartResizeVideo(2, { width: 20, height: 20 }, { minPixels: 4096, maxPixels: 65_536 })).toEqual({
      width: 64,
      height: 64,
    });
  });

  it('keeps any picture in its budget, in sides of 32', () => {
    const side = fc.integer({ min: 40, max: 6000 });
    fc.assert(
      fc.property(side, side, (width, height) => {
        fc.pre(Math.max(width, height) / Math.min(width, height) < 20);
        const size = smartResize({ width, height }, BUDGET);
        expect(size.width % 32).toBe(0);
        expect(size.height % 32).toBe(0);
        expect(size.width * size.height).toBeLessThanOrEqual(BUDGET.maxPixels);
        expect(size.width * size.height).toBeGreaterThanOrEqual(BUDGET.minPixels);
      }),
    );
  });
});

describe('time stamps', () => {
  it('are the middle of two frames, rounded as Python rounds', () => {
    expect(timestampsOf([0, 0.5, 1, 1.5, 2])).toEqual(['0.2', '1.2', '2.0']);
    expect(timestampsOf([0.1, 0.2])).toEqual(['0.2']);
  });
});

describe('positions', () => {
  const placeholders = { image: 9, video: 8 };

  it('lay a picture out in a box and go on behind its longer side', () => {
    const grid = { frames: 1, rows: 4, columns: 6 };
    const { rows, next } = ropePositions([1, 9, 9, 9, 9, 9, 9, 2], placeholders, { images: [grid], videos: [] });
    expect([...rows[0]]).toEqual([0, 1, 1, 1, 1, 1, 1, 4]);
    expect([...rows[1]]).toEqual([0, 1, 1, 1, 2, 2, 2, 4]);
    expect([...rows[2]]).toEqual([0, 1, 2, 3, 1, 2, 3, 4]);
    expect(next).toBe(5);
  });

  it('refuse a prompt whose placeholders are not its pictures', () => {
    const grid = { frames: 1, rows: 2, columns: 2 };
    const none = { images: [], videos: [] };
    expect(() => ropePositions([1, 9], placeholders, none)).toThrow(/no picture/);
    expect(() => ropePositions([1], placeholders, { ...none, images: [grid] })).toThrow(/no placeholder/);
  });
});

describe('text of tokens', () => {
  it('shows whole characters only, whatever tokens they are cut into', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (words) => {
        const text = new TokenText(tokenizer);
        const shown = tokenizer.encode(tokenizer.quote(words)).map((id) => text.push(id));
        for (const part of shown) expect(part).not.toContain('\uFFFD');
        expect(shown.join('') + text.end()).toBe(words.replaceAll('\uE000', '').normalize('NFC'));
      }),
    );
  });

  it('has characters of several tokens to test with', () => {
    expect(tokenizer.encode('😀').length).toBeGreaterThan(1);
  });

  it('says nothing for control tokens and padding', () => {
    const text = new TokenText(tokenizer);
    expect(text.push(tokenizer.idOf('<|im_end|>') ?? -1) + text.push(575)).toBe('');
  });
});

describe('words of a caller', () => {
  it('never become control tokens, alone or put together', () => {
    const control = ['<|im_end|>', '<|im_start|>', '<|image_pad|>', '<|video_pad|>', '<|vision_start|>'];
    const ids = new Set(control.map((token) => tokenizer.idOf(token)));
    const piece = fc.oneof(fc.constantFrom(...control, '<|', '|>', '\uE000', 'im_end'), fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        for (const id of tokenizer.encode(tokenizer.quote(pieces.join('')))) expect(ids.has(id)).toBe(false);
      }),
    );
    expect(ids.has(tokenizer.encode('<|im_end|>')[0])).toBe(true);
  });
});

describe('stop strings', () => {
  it('end an answer at their first place, however it is cut', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 20 });
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 8 }), stops, (parts, ends) => {
        const whole = parts.join('');
        const found = ends.map((end) => whole.indexOf(end)).filter((at) => at >= 0);
        const reader = new StopStrings(ends);
        let shown = '';
        let stopped = false;
        for (const part of parts) {
          if (stopped) break;
          const step = reader.push(part);
          shown += step.text;
          stopped = step.stopped;
        }
        if (!stopped) shown += reader.end();
        expect(stopped).toBe(found.length > 0);
        // A longer end that begins earlier may be complete later than a shorter one: the first complete one counts.
        if (!stopped) expect(shown).toBe(whole);
        else expect(whole.startsWith(shown)).toBe(true);
        for (const end of ends) expect(shown).not.toContain(end);
      }),
    );
  });
});

describe('a loop', () => {
  it('is noticed with any period, and a table with equal rows is none', () => {
    for (const period of [1, 7, 40]) {
      const loop = new RepetitionLoop();
      const at = Array.from({ length: 600 }, (_entry, index) => loop.push(index % period)).indexOf(true);
      expect(at).toBeGreaterThan(100);
      expect(at).toBeLessThan(300);
    }
    const table = new RepetitionLoop();
    for (let row = 0; row < 40; row++) {
      for (let cell = 0; cell < 20; cell++) expect(table.push(cell === 3 ? 1000 + row : cell)).toBe(false);
    }
  });
});

describe('sampling', () => {
  const options: SamplerOptions = {
    temperature: 1,
    topP: 1,
    topK: 0,
    seed: 1,
    presencePenalty: 0,
    frequencyPenalty: 0,
    repetitionPenalty: 1,
  };
  const draw = (changes: Partial<SamplerOptions>, logits: number[], times = 4000) => {
    const counts = logits.map(() => 0);
    const sampler = new Sampler({ ...options, ...changes }, []);
    for (let time = 0; time < times; time++) {
      const id = sampler.choose(Float32Array.from(logits), null);
      counts[id] = (counts[id] ?? 0) + 1;
      if (!changes.presencePenalty) sampler.accept(id);
      else sampler.accept(0);
    }
    return counts.map((count) => count / times);
  };

  it('draws as often as the probabilities say', () => {
    const [a = 0, b = 0, c = 0] = draw({}, [Math.log(0.6), Math.log(0.3), Math.log(0.1)]);
    expect(a).toBeCloseTo(0.6, 1);
    expect(b).toBeCloseTo(0.3, 1);
    expect(c).toBeCloseTo(0.1, 1);
  });

  it('leaves out what top_k, top_p and a grammar leave out', () => {
    const logits = [3, 2.9, 2, 1];
    expect(draw({ topK: 2 }, logits).slice(2)).toEqual([0, 0]);
    expect(draw({ topP: 0.5 }, logits).slice(2)).toEqual([0, 0]);
    const sampler = new Sampler({ ...options, temperature: 0 }, []);
    expect(sampler.choose(Float32Array.from(logits), Int32Array.of(0b1100))).toBe(2);
  });

  it('draws from the likeliest only, in a vocabulary of many words that are equally likely', () => {
    const logits = Array.from({ length: 1000 }, (_, id) => ((id * 7919) % 101) / 10);
    const order = [...logits.keys()].sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);
    for (const topK of [1, 7, 40]) {
      const drawn = draw({ topK }, logits, 400).flatMap((share, id) => (share > 0 ? [id] : []));
      expect(new Set(drawn)).toEqual(new Set(order.slice(0, topK)));
    }
    const [, least = 0] = draw({ topP: 0.3 }, [1, 0.5, 0]);
    expect(least).toBe(0);
  });

  it('turns away from what was said', () => {
    const sampler = new Sampler({ ...options, temperature: 0, frequencyPenalty: 1 }, []);
    sampler.accept(0);
    expect(sampler.choose(Float32Array.of(1, 0.5), null)).toBe(1);
    const repeated = new Sampler({ ...options, temperature: 0, repetitionPenalty: 3 }, [0]);
    expect(repeated.choose(Float32Array.of(1, 0.5), null)).toBe(1);
  });
});
