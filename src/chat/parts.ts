import { z } from 'zod';
import { boundedArray } from './bounded-array.ts';
import { mediaUrl } from './media-url.ts';
import { asRecord, optional } from './optional.ts';
import { toKnownPart } from './part-forms.ts';

/** Parts of a message. Every picture or video comes out as a URL. */

const MAX_PARTS = 1024;

const url = z.string().min(1).transform(mediaUrl);
const urlOrObject = z
  .union([url, z.object({ url })])
  .transform((value) => (typeof value === 'string' ? value : value.url));

/** A URL of any scheme, or bare base64. */
const urlOrBase64 = z
  .string()
  .min(1)
  .transform((text) => (/^[a-z][a-z0-9+.-]*:/i.test(text.trim()) ? mediaUrl(text) : asDataUrl(text)));

const base64 = z.string().min(1).transform(asDataUrl);

function asDataUrl(text: string): string {
  return `data:application/octet-stream;base64,${text}`;
}

const textPartSchema = z.object({ type: z.literal('text'), text: z.string() });

const imageUrlPartSchema = z
  .object({ type: z.literal('image_url'), image_url: urlOrObject })
  .transform((part) => ({ type: 'image' as const, url: part.image_url }));

const videoUrlPartSchema = z
  .object({ type: z.literal('video_url'), video_url: urlOrObject })
  .transform((part) => ({ type: 'video' as const, url: part.video_url }));

const inputImagePartSchema = z
  .object({
    type: z.literal('input_image'),
    b64_json: optional(base64),
    image: optional(urlOrBase64),
    image_url: optional(urlOrObject),
  })
  .transform((part, context) => {
    const source = part.b64_json ?? part.image ?? part.image_url;
    if (source !== undefined) return { type: 'image' as const, url: source };
    context.addIssue({ code: 'custom', message: 'needs one of b64_json, image and image_url' });
    return z.NEVER;
  });

const inputVideoPartSchema = z
  .object({
    type: z.literal('input_video'),
    b64_json: optional(base64),
    video: optional(urlOrBase64),
    video_url: optional(urlOrObject),
  })
  .transform((part, context) => {
    const source = part.b64_json ?? part.video ?? part.video_url;
    if (source !== undefined) return { type: 'video' as const, url: source };
    context.addIssue({ code: 'custom', message: 'needs one of b64_json, video and video_url' });
    return z.NEVER;
  });

const partSchema = z.preprocess(
  toKnownPart,
  z.discriminatedUnion('type', [
    textPartSchema,
    imageUrlPartSchema,
    inputImagePartSchema,
    videoUrlPartSchema,
    inputVideoPartSchema,
  ]),
);

/** A part of a message; `url` is http(s), data or, where the operator allows it, file. */
export type ChatPart = z.output<typeof partSchema>;

/** Content of a message: text, or parts; always a list of parts when it comes out. */
export const contentSchema = z
  .preprocess(
    // One part alone, without its list.
    (content) => (asRecord(content)?.type === undefined ? content : [content]),
    z.union([z.string(), boundedArray(partSchema, MAX_PARTS)]),
  )
  .transform((content): ChatPart[] => (typeof content === 'string' ? [{ type: 'text', text: content }] : content));
