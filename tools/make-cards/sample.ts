import { FIELD_NAMES } from '../../src/ktp/field-names.ts';
import { type JpegPass, saveJpeg } from './camera.ts';
import type { Strength } from './levels/level.ts';
import { LEVELS, type LevelName } from './levels.ts';
import { Random } from './random.ts';
import { fieldQuad, hiddenFields } from './shot.ts';
import type { Truth } from './truth.ts';

export interface Sample {
  readonly jpeg: Buffer;
  readonly truth: Truth;
}

/**
 * Draws the card of `seed` and makes a picture of it as the level says. The same arguments give the same bytes.
 * `resave` saves the picture once more, to keep examples small.
 */
export async function degrade(
  seed: string | number,
  level: LevelName,
  strength: Strength,
  resave?: JpegPass,
): Promise<Sample> {
  const random = new Random(`picture/${level}/${strength}/${seed}`);
  const { shot, passes } = await LEVELS[level]({ seed: String(seed), strength, random });
  const { bytes, scale } = await saveJpeg(shot.raster, resave === undefined ? passes : [...passes, resave]);
  const { identity, boxes } = shot.card;
  const quads: Truth['quads'] = Object.fromEntries(
    FIELD_NAMES.filter((field) => boxes.has(field)).map((field) => [
      field,
      fieldQuad(shot, field).map(
        ([x, y]) => [Math.round(x * scale * 10) / 10, Math.round(y * scale * 10) / 10] as const,
      ),
    ]),
  );
  return {
    jpeg: bytes,
    truth: {
      document: 'ktp',
      seed: String(seed),
      level,
      strength,
      fields: identity.fields,
      printed: identity.printed,
      hidden: hiddenFields(shot),
      quads,
    },
  };
}
