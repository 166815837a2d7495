import { asRecord } from './optional.ts';

const IMAGE_NAME = /\.(jpe?g|png|webp|gif|tiff?|bmp|heic)$/i;

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
      return { type: 'text', text: part.refusal };
    case 'image_url':
      return { ...part, type: 'image_url' };
    case 'video_url':
      return { ...part, type: 'video_url' };
    case 'image':
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
  const address = part.image_url ?? part.url ?? source.url;
  if (typeof address === 'string' || asRecord(address)) return { type: 'input_image', image_url: address };
  const bytes = part.image ?? part.base64 ?? part.data ?? part.b64_json ?? source.data ?? part.source;
  return typeof bytes === 'string' ? { type: 'input_image', image: bytes } : null;
}

/** A file that says that it is a picture, by its data URL or by its name. */
function pictureOf(file: Readonly<Record<string, unknown>>): object | null {
  const { file_data: data, filename } = file;
  if (typeof data !== 'string') return null;
  const isPicture = /^\s*data:/i.test(data)
    ? /^\s*data:image\//i.test(data)
    : typeof filename === 'string' && IMAGE_NAME.test(filename);
  return isPicture ? { type: 'input_image', image: data } : null;
}
