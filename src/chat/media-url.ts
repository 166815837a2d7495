/** How the base64 of JPEG, PNG, GIF, WebP, TIFF and BMP begins. */
const IMAGE_BASE64 = /^(\/9j\/|iVBORw0KGgo|R0lGOD|UklGR|SUkqA|TU0AK|Qk0)[A-Za-z0-9+/_\-\s]{16,}={0,2}$/;
/** A data URL in whose place of the base64 a whole data URL stands, as two libraries on top of each other make it. */
const DOUBLE = /^data:[^,]{0,200},\s*(?=data:)/i;

/**
 * A URL of a picture or video as clients write it: blanks around it, a data URL inside of a data URL, or the base64
 * alone, which may begin like a path (`/9j/`).
 */
export function mediaUrl(text: string): string {
  let url = text.trim();
  while (DOUBLE.test(url)) url = url.replace(DOUBLE, '');
  return IMAGE_BASE64.test(url) ? `data:application/octet-stream;base64,${url}` : url;
}
