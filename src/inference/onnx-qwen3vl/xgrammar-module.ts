import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { compileFunction } from 'node:vm';

export type XGrammar = typeof import('@mlc-ai/web-xgrammar');

const NODE_MODULE = '@mlc-ai/web-xgrammar';
const PARAMETERS = ['module', 'exports', 'require', '__filename', '__dirname', 'importModule', 'console', 'process'];

/**
 * Loads a copy of web-xgrammar of its own. Its file is a script that its package.json calls a module, which Node cannot
 * load; and a schema that it does not understand aborts its WebAssembly for good, so that a new copy is needed then.
 * It gets no console: on such an abort it would print what the schema says.
 */
export async function loadXGrammar(): Promise<XGrammar> {
  const require = createRequire(import.meta.url);
  const filename = require.resolve(NODE_MODULE);
  const source = await readFile(filename, 'utf8');
  const load = compileFunction(source.replaceAll('import(', 'importModule('), PARAMETERS, { filename });
  const module: { exports: unknown } = { exports: {} };
  const silent = { log: ignore, warn: ignore, error: ignore };
  const importModule = (name: string): Promise<unknown> => import(name);
  load(module, module.exports, require, filename, dirname(filename), importModule, silent, process);
  return module.exports as XGrammar;
}

function ignore(): void {}
