/**
 * A module of `dist/`, for the script of a process of its own (as text of an import). What `npm test` builds: compiling
 * the same from `src/` in each process takes a second of the processor.
 * @param path below src/, without its ending
 */
export function builtModule(path: string): string {
  return JSON.stringify(new URL(`../../dist/${path}.js`, import.meta.url).href);
}
