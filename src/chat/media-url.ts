/** How the base64 of JPEG, PNG, GIF, WebP, TIFF, BMP, PDF and HEIC begins. */
const IMAGE_BASE64 =
  /^(\/9j\/|iVBORw0KGgo|R0lGOD|UklGR|SUkqA|TU0AK|Qk0|JVBERi|AAAA[A-Za-z0-9]GZ0eX)[A-Za-z0-9+/_\-\s]{16,}={0,2}$/;
/** A data URL in whose place of the base64 a whole data URL stands, as two libraries on top of each other make it. */
const DOUBLE = /^data:[^,]{0,200},\s*(?=data:)/i;

/** Marks around a URL, and a data URL that has lost its beginning. */
const QUOTED = /^(?:"(.+)"|'(.+)'|<(.+)>)$/s;
const HEADLESS = /^(?:[\w.+-]{1,40}\/[\w.+-]{1,80};)?base64,/i;
/** A data URL that does not say that it is base64, or that holds Python's way of writing bytes. */
const UNMARKED = /^data:[^,;]{0,100},/i;
const PYTHON_BYTES = /^(data:[^,]{0,200},)?b'(.*)'$/s;

/**
 * A URL of a picture or video as clients write it: blanks or quotes around it, a data URL inside of a data URL or
 * without its beginning, or the base64 alone, which may begin like a path (`/9j/`).
 */
export function mediaUrl(text: string): string {
  let url = text.trim();
  url = QUOTED.exec(url)?.slice(1).find(Boolean)?.trim() ?? url;
  url = url.replace(PYTHON_BYTES, (_match, head: string | undefined, bytes: string) => (head ?? '') + bytes);
  if (HEADLESS.test(url)) url = `data:${url}`;
  while (DOUBLE.test(url)) url = url.replace(DOUBLE, '');
  if (UNMARKED.test(url) && isImageBase64(url.replace(UNMARKED, ''))) url = url.replace(UNMARKED, '');
  return isImageBase64(url) ? `data:application/octet-stream;base64,${url}` : url;
}

/** Whether it is the base64 of a picture or document, by how it begins. */
export function isImageBase64(text: string): boolean {
  return IMAGE_BASE64.test(text);
}
