import sharp from 'sharp';
import { KtpflowError } from '../../errors.ts';
import type { Raster } from '../../media/raster.ts';
import type { EngineContentPart, EngineMessage } from '../engine.ts';
import { type Patches, patchesOf } from './patches.ts';
import { resizeBicubic } from './resize-bicubic.ts';
import { type PixelBudget, smartResize, smartResizeVideo } from './smart-resize.ts';
import { timestampsOf } from './timestamps.ts';

/** A picture or video of a prompt, cut into patches. */
export interface PreparedMedium extends Patches {
  readonly kind: 'image' | 'video';
  /** Of a video: the time of each pair of frames, as the prompt writes it. */
  readonly timestamps: readonly string[];
}

/** The pictures and videos of a conversation, in the order in which its prompt shows them. */
export async function prepareMedia(
  messages: readonly EngineMessage[],
  budgets: { readonly images: PixelBudget; readonly videos: PixelBudget },
): Promise<PreparedMedium[]> {
  const media: PreparedMedium[] = [];
  for (const part of messages.flatMap(({ content }) => content)) {
    if (part.type === 'image') media.push(await prepareImage(part.bytes, budgets.images));
    else if (part.type === 'video') media.push(await prepareVideo(part, budgets.videos));
  }
  return media;
}

async function prepareImage(bytes: Uint8Array, budget: PixelBudget): Promise<PreparedMedium> {
  const raster = await decode(bytes);
  const patches = patchesOf([
    resizeBicubic(
      raster,
      sized(() => smartResize(raster, budget)),
    ),
  ]);
  return { kind: 'image', timestamps: [], ...patches };
}

async function prepareVideo(
  { frames }: Extract<EngineContentPart, { type: 'video' }>,
  budget: PixelBudget,
): Promise<PreparedMedium> {
  const rasters: Raster[] = [];
  for (const { bytes } of frames) rasters.push(await decode(bytes));
  const [first] = rasters;
  if (!first) throw new KtpflowError('invalid_image', 'The video has no frames.');
  const size = sized(() => smartResizeVideo(rasters.length, first, budget));
  const patches = patchesOf(rasters.map((raster) => resizeBicubic(raster, size)));
  return { kind: 'video', timestamps: timestampsOf(frames.map(({ seconds }) => seconds)), ...patches };
}

/** RGB of a picture that is upright already. */
async function decode(bytes: Uint8Array): Promise<Raster> {
  const { data, info } = await sharp(bytes, { failOn: 'none' })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw new KtpflowError('invalid_image', 'The image cannot be decoded.', { cause });
    });
  if (info.channels === 3) return { width: info.width, height: info.height, data };
  const rgb = new Uint8Array(info.width * info.height * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = data[Math.floor(i / 3) * info.channels] ?? 0;
  return { width: info.width, height: info.height, data: rgb };
}

function sized<Size>(resize: () => Size): Size {
  try {
    return resize();
  } catch (cause) {
    throw new KtpflowError('invalid_image', 'The image is too long and thin for this model.', { cause });
  }
}
