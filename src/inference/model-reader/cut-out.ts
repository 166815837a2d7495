import sharp, { type Sharp } from 'sharp';
import type { FieldName } from '../../ktp/field-names.ts';
import type { KtpResult } from '../../ktp/schema.ts';
import { MOST_CUT_OUTS } from '../../ktp/vlm/choose-questions.ts';
import type { EngineContentPart } from '../engine.ts';

/** A line of text is shown so high at least, in pixels: two tokens; models read smaller ones wrong. */
const LINE_HEIGHT = 64;
/** A cut-out is so wide at most: 20 tokens. */
const MAX_WIDTH = 640;
/** The whole card has about 512 tokens: enough for its print, and what a CPU bears. */
const WHOLE_PIXELS = 512 * 1024;
/** Room around a value, as shares of its height and width. */
const MARGIN = { height: 0.35, width: 0.06 };

export interface CutOuts {
  readonly parts: readonly EngineContentPart[];
  /** false: one picture of everything. */
  readonly perField: boolean;
}

/**
 * The pictures for some questions: each field cut out of the upright card where all of their places are known, which
 * costs a model a fraction of the whole card; else the whole picture.
 * @param quarterTurns clockwise, from the picture as its EXIF says to upright.
 */
export async function cutOut(
  image: Uint8Array,
  quarterTurns: number,
  fields: KtpResult['fields'],
  names: readonly FieldName[],
): Promise<CutOuts> {
  const upright = await sharp(await sharp(image, { failOn: 'none' }).autoOrient().toBuffer())
    .rotate((((quarterTurns % 4) + 4) % 4) * 90)
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { channels, height, width } = upright.info;
  const picture = () => sharp(upright.data, { raw: { width, height, channels } });
  const boxes = names.map((name) => fields[name].box);
  const places = boxes.flatMap((box) => (box ? [placeOf(box, width, height)] : []));
  if (places.length < boxes.length || places.length > MOST_CUT_OUTS) {
    const scale = Math.min(1, Math.sqrt(WHOLE_PIXELS / (width * height)));
    const whole = await encode(picture().resize({ width: Math.max(32, Math.round(width * scale)) }));
    return { parts: [whole], perField: false };
  }
  const parts: EngineContentPart[] = [];
  for (const place of places) {
    const scale = Math.min(LINE_HEIGHT / place.height, MAX_WIDTH / place.width);
    const size = {
      width: Math.max(32, Math.round(place.width * scale)),
      height: Math.max(32, Math.round(place.height * scale)),
    };
    parts.push(
      await encode(
        picture()
          .extract(place)
          .resize({ ...size, fit: 'fill' }),
      ),
    );
  }
  return { parts, perField: true };
}

async function encode(picture: Sharp): Promise<EngineContentPart> {
  return { type: 'image', mimeType: 'image/png', bytes: await picture.png().toBuffer() };
}

/** The pixels of a box with some room around it, inside of the picture. */
function placeOf([left, top, right, bottom]: readonly [number, number, number, number], width: number, height: number) {
  const dx = (right - left) * MARGIN.width + (bottom - top) * 0.3;
  const dy = (bottom - top) * MARGIN.height;
  const x = Math.max(0, Math.floor((left - dx) * width));
  const y = Math.max(0, Math.floor((top - dy) * height));
  return {
    left: Math.min(x, width - 1),
    top: Math.min(y, height - 1),
    width: Math.max(1, Math.min(width - x, Math.ceil((right - left + 2 * dx) * width))),
    height: Math.max(1, Math.min(height - y, Math.ceil((bottom - top + 2 * dy) * height))),
  };
}
