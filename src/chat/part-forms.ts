import { isImageBase64 } from './media-url.ts';
import { asRecord } from './optional.ts';

const IMAGE_NAME = /\.(jpe?g|png|webp|gif|tiff?|bmp|hei[cf]|avif)$/i;

/**
 * A part as OpenAI's chat API writes it, out of the forms that clients carry over from elsewhere: plain strings, the
 * Responses API (`input_text`, `output_text`), a refusal that is handed back, pictures of Anthropic, LangChain, MCP and
 * llama-index (`image`), a `file` that is a picture, parts without a type. What is not known stays as it is.
 */
export function toKnownPart(value: unknown): unknown {
  if (typeof value === 'string') return { type: 'text', text: value };
  const part = asRecord(value);
  if (!part) return value;
  switch (part.type ?? typeOf(part)) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return { ...part, type: 'text' };
    case 'refusal':
      return { type: 'text', text: part.refusal ?? '' };
    case 'image_url':
      return { ...part, type: 'image_url' };
    case 'video_url':
      return { ...part, type: 'video_url' };
    case 'image':
    case 'input_image':
      return imageOf(part) ?? value;
    case 'file':
      return pictureOf(asRecord(part.file) ?? part) ?? value;
    case 'input_file':
      return pictureOf(part) ?? value;
    default:
      return value;
  }
}

/** What a part without a type must be. */
function typeOf(part: Readonly<Record<string, unknown>>): string | undefined {
  return ['text', 'image_url', 'video_url', 'image'].find((name) => part[name] !== undefined && part[name] !== null);
}

function imageOf(part: Readonly<Record<string, unknown>>): object | null {
  const source = asRecord(part.source) ?? {};
  const image = asRecord(part.image) ?? {};
  const address = part.image_url ?? part.url ?? source.url ?? image.url;
  if (typeof address === 'string' || asRecord(address)) return { type: 'input_image', image_url: address };
  const bytes = part.image ?? part.b64_json ?? part.base64 ?? part.data ?? source.data ?? part.source;
  return typeof bytes === 'string' ? { type: 'input_image', image: bytes } : null;
}

/** A data URL that does not say of what. */
const OF_ANYTHING = /^\s*data:(application\/octet-stream)?[;,]/i;

/** A file that says that it is a picture, by its data URL, by its name or by how it begins. */
function pictureOf(file: Readonly<Record<string, unknown>>): object | null {
  const { file_data: data, filename } = file;
  if (typeof data !== 'string') return null;
  const isNamed = typeof filename === 'string' && IMAGE_NAME.test(filename);
  const isPicture =
    /^\s*data:/i.test(data) && !OF_ANYTHING.test(data)
      ? /^\s*data:image\//i.test(data)
      : isNamed || (isImageBase64(data) && !data.startsWith('JVBERi'));
  return isPicture ? { type: 'input_image', image: data } : null;
}
