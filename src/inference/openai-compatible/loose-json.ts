/**
 * Only what looks like an object is one that was meant; null: a sign of life.
 * @throws SyntaxError for a broken object, which is a fault
 */
export function readJson(data: string): object | null {
  const text = data.trim();
  if (!text.startsWith('{') && !text.startsWith('[')) return null;
  try {
    const json = parseLoosely(text);
    // Gemini puts its errors into a list.
    const object: unknown = Array.isArray(json) ? json[0] : json;
    return typeof object === 'object' && object !== null && !Array.isArray(object) ? object : null;
  } catch (error) {
    if (text.startsWith('[')) return null;
    throw error;
  }
}

/** A text of JSON, or a number that JSON does not know. */
const STRING_OR_ODD_NUMBER = /("(?:[^"\\]|\\.)*")|-?\b(?:Infinity|NaN)\b/g;

/** Python writes the logarithm of nothing as -Infinity, which is no JSON. */
function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const usual = text.replaceAll(STRING_OR_ODD_NUMBER, (_all, string: string | undefined) => string ?? 'null');
    if (usual === text) throw error;
    return JSON.parse(usual);
  }
}
