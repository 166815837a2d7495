import type { ChatPart } from '../../chat/parts.ts';
import type { Config } from '../../config.ts';
import { KtpflowError } from '../../errors.ts';
import { decodeDataUrl } from '../../media/data-url.ts';
import { type DocumentKind, documentKind } from '../../media/documents/document-kind.ts';
import { openDocument } from '../../media/documents/open-document.ts';
import { fetchGuarded } from '../../media/fetch-guarded.ts';
import { sampleFrames } from '../../media/frames.ts';
import { probeImage } from '../../media/probe.ts';
import type { EngineContentPart } from '../engine.ts';
import { type FittedImage, fitImage } from './fit-image.ts';
import { readLocalMedia } from './local-media.ts';

const MEGABYTE = 1024 * 1024;
/** A side of a patch of Qwen3-VL after merging, in pixels: one token each. Others are near enough for a budget. */
const TOKEN_SIDE = 32;
/** All frames of a video together take as much as so many pictures. */
const VIDEO_IN_IMAGES = 4;

export interface ResolveMediaOptions {
  readonly config: Config;
  /** Pixels that the engine takes; null: the bytes as they came, checked but not touched. */
  readonly maxImagePixels: number | null;
  readonly signal: AbortSignal;
}

export interface ResolvedPart {
  readonly part: EngineContentPart;
  /** Estimated tokens of pictures; 0 for text. */
  readonly mediaTokens: number;
}

/**
 * Fetches what a part names (http(s) through the guard, data URLs, local files where allowed), looks at the bytes
 * and not at what they claim to be, and makes of them what the engine takes.
 * @param param path of the part in the body, for errors.
 * @throws KtpflowError blocked_url, image_fetch_failed, invalid_image, unsupported_media_type, payload_too_large,
 * image_too_large_pixels, deadline_exceeded, unsupported_content_part; the signal's reason once it is aborted
 */
export async function resolvePart(part: ChatPart, param: string, options: ResolveMediaOptions): Promise<ResolvedPart> {
  if (part.type === 'text') return { part, mediaTokens: 0 };
  try {
    const bytes = await fetchMedia(part, options);
    return part.type === 'image' ? await resolveImage(bytes, options) : await resolveVideo(bytes, options);
  } catch (error) {
    options.signal.throwIfAborted();
    throw asPartError(error, part, param);
  }
}

async function fetchMedia(
  { type, url }: { type: 'image' | 'video'; url: string },
  { config, signal }: ResolveMediaOptions,
): Promise<Buffer> {
  const maxBytes = (type === 'image' ? config.MAX_IMAGE_MB : config.MAX_VIDEO_MB) * MEGABYTE;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'data') return decodeDataUrl(url, maxBytes);
  if (scheme === undefined || scheme === 'file') {
    return readLocalMedia(url, { root: config.ALLOWED_LOCAL_MEDIA_PATH, maxBytes });
  }
  const { bytes } = await fetchGuarded(url, {
    maxBytes,
    timeoutMs: config.FETCH_TIMEOUT_SECONDS * 1000,
    allowPrivate: config.ALLOW_PRIVATE_URLS,
    signal,
  });
  return bytes;
}

async function resolveImage(given: Buffer, options: ResolveMediaOptions): Promise<ResolvedPart> {
  const { config, maxImagePixels } = options;
  const kind = documentKind(given);
  // The card reader looks through the pages by itself.
  if (kind !== null && maxImagePixels === null) {
    return { part: { type: 'image', mimeType: 'application/octet-stream', bytes: given }, mediaTokens: 0 };
  }
  const bytes = kind === null ? given : await firstPage(kind, given, options.signal);
  const { format } = await probeImage(bytes, { maxMegapixels: config.MAX_IMAGE_MEGAPIXELS });
  if (maxImagePixels === null) {
    return { part: { type: 'image', mimeType: `image/${format}`, bytes }, mediaTokens: 0 };
  }
  const image = await fitImage(bytes, { maxPixels: maxImagePixels });
  return { part: { type: 'image', mimeType: image.mimeType, bytes: image.bytes }, mediaTokens: tokensOf(image) };
}

/** What a model is shown of a document. */
async function firstPage(kind: DocumentKind, bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const document = await openDocument(kind, bytes, signal);
  try {
    return await document.render(0);
  } finally {
    document.close();
  }
}

async function resolveVideo(
  bytes: Buffer,
  { config, maxImagePixels, signal }: ResolveMediaOptions,
): Promise<ResolvedPart> {
  const sampled = await sampleFrames(bytes, {
    maxFrames: config.MAX_VIDEO_FRAMES,
    ffmpegPath: config.FFMPEG_PATH,
    signal,
  });
  const maxPixels = maxImagePixels ?? config.VLM_MAX_IMAGE_PIXELS;
  const share = Math.floor((maxPixels * VIDEO_IN_IMAGES) / sampled.length);
  const frames: (FittedImage & { seconds: number })[] = [];
  for (const frame of sampled) {
    signal.throwIfAborted();
    frames.push({
      seconds: frame.seconds,
      ...(await fitImage(frame.bytes, { maxPixels: Math.min(maxPixels, share) })),
    });
  }
  return {
    part: {
      type: 'video',
      frames: frames.map(({ seconds, mimeType, bytes: jpeg }) => ({ seconds, mimeType, bytes: jpeg })),
    },
    // Each time stamp takes some tokens as well.
    mediaTokens: frames.reduce((sum, frame) => sum + tokensOf(frame) + 8, 0),
  };
}

function tokensOf({ width, height }: { width: number; height: number }): number {
  return Math.ceil(width / TOKEN_SIDE) * Math.ceil(height / TOKEN_SIDE) + 2;
}

/** The same error, with the place in the body; what a URL brought that is no picture is a failed fetch. */
function asPartError(error: unknown, { url }: { url: string }, param: string): unknown {
  if (!(error instanceof KtpflowError)) return error;
  const noImage = error.code === 'invalid_image' && /^https?:/i.test(url);
  return new KtpflowError(noImage ? 'image_fetch_failed' : error.code, error.message, {
    param,
    retryable: error.retryable,
    cause: error,
  });
}
