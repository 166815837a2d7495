/** A name, or a key of a request, that nobody can guess; crypto.randomUUID is there on https and the loopback only. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('');
}
