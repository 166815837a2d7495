import { expose, saveJpeg } from './camera.ts';
import { viewOf } from './homography.ts';
import { byStrength, type Strength } from './levels/level.ts';
import { gaussianSource, noiseField } from './noise-field.ts';
import { toLinear } from './optics.ts';
import { drawOtherDocument, OTHER_DOCUMENTS, type OtherDocument } from './other-documents.ts';
import { Random } from './random.ts';
import { createRaster, type Raster } from './raster.ts';
import { makeSurface } from './surfaces.ts';
import type { NegativeTruth } from './truth.ts';
import { bilinear, paint } from './warp.ts';

/** Pictures that show no KTP and must be refused. */
export const NEGATIVES = [...OTHER_DOCUMENTS, 'blank', 'landscape', 'noise'] as const;
export type NegativeName = (typeof NEGATIVES)[number];

export interface NegativeSample {
  readonly jpeg: Buffer;
  readonly truth: NegativeTruth;
}

const PAGE = [1240, 930] as const;

/** A photo of another document on a desk; stronger ones are tilted more and smaller. */
function documentPhoto(kind: OtherDocument, strength: Strength, random: Random): Raster {
  const upright = kind === 'receipt' || kind === 'letter';
  const [width, height] = upright ? [PAGE[1], PAGE[0]] : PAGE;
  const object = drawOtherDocument(kind, upright ? 1100 : 1300, random.fork('document'));
  const raster = makeSurface(width, height, random.fork('surface'));
  const lean = byStrength(strength, [3, 12, 24]);
  const view = viewOf(object.width, object.height, {
    centre: [width / 2, height / 2],
    cardWidth:
      Math.min(width * 0.86, (height * 0.9 * object.width) / object.height) * byStrength(strength, [1, 0.85, 0.65]),
    roll: random.between(-1, 1) * lean,
    pitch: random.between(-1, 1) * lean,
    yaw: random.between(-1, 1) * lean,
    distance: random.between(2, 4),
  });
  paint(raster, object.width, object.height, view, bilinear(object));
  return raster;
}

/** An empty page with the shade of a lamp on it. */
function blankPage(random: Random): Raster {
  const raster = createRaster(PAGE[1], PAGE[0], [
    random.integer(215, 250),
    random.integer(215, 250),
    random.integer(210, 248),
  ]);
  const field = noiseField(random.fork('shade'), 2);
  for (let y = 0, i = 0; y < raster.height; y++) {
    for (let x = 0; x < raster.width; x++, i += 3) {
      const shade = 18 * field(x / 600, y / 600);
      for (let channel = 0; channel < 3; channel++)
        raster.data[i + channel] = (raster.data[i + channel] as number) + shade;
    }
  }
  return raster;
}

/** Sky, hills and a field. */
function landscape(random: Random): Raster {
  const raster = createRaster(PAGE[0], PAGE[1]);
  const ridge = noiseField(random.fork('ridge'), 5);
  const cloud = noiseField(random.fork('cloud'), 5);
  const grass = noiseField(random.fork('grass'), 4);
  const horizon = random.between(0.35, 0.6) * PAGE[1];
  for (let y = 0, i = 0; y < raster.height; y++) {
    for (let x = 0; x < raster.width; x++, i += 3) {
      const hills = horizon - 120 * (0.5 + ridge(x / 300 + 7, 1));
      const white = Math.max(0, cloud(x / 260, y / 120)) * 160;
      const green = 30 * grass(x / 9, (y - horizon) / 5) + 20 * grass(x / 160, y / 50);
      if (y < hills) raster.data.set([130 + white + y / 12, 170 + white * 0.8 + y / 14, 225 + white * 0.3], i);
      else if (y < horizon) raster.data.set([70 + green * 0.3, 100 + green * 0.4, 95], i);
      else raster.data.set([95 + green, 130 + green, 55 + green * 0.4], i);
    }
  }
  return raster;
}

/** What a covered lens sees at its highest gain. */
function plainNoise(random: Random): Raster {
  const raster = createRaster(800, 600);
  const gaussian = gaussianSource(random.fork('grain'));
  const level = random.between(20, 200);
  for (let i = 0; i < raster.data.length; i++) raster.data[i] = level + 45 * gaussian();
  return raster;
}

function scene(kind: NegativeName, strength: Strength, random: Random): Raster {
  switch (kind) {
    case 'blank':
      return blankPage(random);
    case 'landscape':
      return landscape(random);
    case 'noise':
      return plainNoise(random);
    default:
      return documentPhoto(kind, strength, random);
  }
}

/** Makes a picture without a KTP in it. The same arguments give the same bytes. */
export async function drawNegative(
  seed: string | number,
  kind: NegativeName,
  strength: Strength = 'moderate',
): Promise<NegativeSample> {
  const random = new Random(`negative/${kind}/${strength}/${seed}`);
  const raster = scene(kind, strength, random);
  toLinear(raster);
  const camera = {
    defocus: random.between(0, 0.7) * byStrength(strength, [1, 1.5, 2.5]),
    motion: [0, 0] as const,
    noise: random.between(0.02, 0.15),
    sharpening: random.between(0, 0.5),
  };
  expose(raster, camera, random.fork('camera'));
  const { bytes } = await saveJpeg(raster, [{ quality: random.integer(70, 92) }]);
  return { jpeg: bytes, truth: { document: 'other', seed: String(seed), level: kind, strength } };
}
