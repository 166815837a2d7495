import { sep } from 'node:path';

/** A path of this machine; bytes where its name is no UTF-8. */
export type LocalPath = string | Buffer;

/** Text where it is UTF-8, so that messages show it; bytes else. */
export function joinName(folder: LocalPath, name: Buffer): LocalPath {
  const bytes = Buffer.concat([Buffer.from(folder), Buffer.from(sep), name]);
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : bytes;
}
