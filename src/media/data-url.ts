import { KtpflowError } from '../errors.ts';

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/**
 * Bytes of a base64 text, standard or URL-safe alphabet, line breaks allowed.
 * @throws KtpflowError payload_too_large before anything is decoded; invalid_image where it is no base64
 */
export function decodeBase64(text: string, maxBytes: number): Buffer {
  if ((text.length * 3) / 4 > maxBytes * 1.05 + 4) throw tooLarge(maxBytes);
  const compact = text.replaceAll(/\s+/g, '');
  if (!BASE64.test(compact) || compact.replaceAll('=', '').length % 4 === 1) {
    throw new KtpflowError('invalid_image', 'The image is not valid base64.');
  }
  const bytes = Buffer.from(compact, 'base64');
  if (bytes.length > maxBytes) throw tooLarge(maxBytes);
  return bytes;
}

/**
 * Bytes of a data: URL (RFC 2397), base64 or percent-encoded; its media type is a claim and not looked at.
 * @throws KtpflowError payload_too_large, invalid_image
 */
export function decodeDataUrl(url: string, maxBytes: number): Buffer {
  const comma = url.indexOf(',');
  if (!/^data:/i.test(url) || comma < 0 || comma > 1000) {
    throw new KtpflowError('invalid_image', 'The data URL is malformed.');
  }
  const content = url.slice(comma + 1);
  if (/;\s*base64\s*$/i.test(url.slice(0, comma))) return decodeBase64(decodePercent(content), maxBytes);
  if (content.length > maxBytes * 3) throw tooLarge(maxBytes);
  const bytes = Buffer.from(
    content.replaceAll(/%([0-9a-f]{2})/gi, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  if (bytes.length > maxBytes) throw tooLarge(maxBytes);
  return bytes;
}

/** Some clients escape "+", "/" and "=" in the base64 of a data URL. */
function decodePercent(text: string): string {
  return text.includes('%')
    ? text.replaceAll(/%(2b|2f|3d|0a|0d)/gi, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
}

function tooLarge(maxBytes: number): KtpflowError {
  return new KtpflowError('payload_too_large', `Images must not exceed ${Math.floor(maxBytes / 1024 / 1024)} MB.`);
}
