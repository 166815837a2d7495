import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from '../../tools/install-packages.ts';

/** A client to try: the program that drives it, and the packages that it needs. */
export interface Client {
  readonly name: string;
  readonly language: 'python' | 'node';
  /** File in the folder of the language. */
  readonly program: string;
  /** Folder of its own for packages that exclude each other. */
  readonly folder: string;
  readonly packages: readonly string[];
}

const AI_SDK = ['ai@^6.0.325', '@ai-sdk/openai-compatible@^2.0.92', '@ai-sdk/openai@^3.0.141', 'zod@^4.1.8'];

/** The newest that Python 3.10 and Node 20 take. */
export const CLIENTS: readonly Client[] = [
  {
    name: 'openai-python',
    language: 'python',
    program: 'openai_client.py',
    folder: 'python',
    packages: ['openai>=2.54,<3'],
  },
  {
    name: 'openai-python 1.x',
    language: 'python',
    program: 'openai_client.py',
    folder: 'python-1',
    packages: ['openai==1.109.1'],
  },
  { name: 'litellm', language: 'python', program: 'litellm_client.py', folder: 'python', packages: ['litellm>=1.80'] },
  {
    name: 'langchain-openai',
    language: 'python',
    program: 'langchain_client.py',
    folder: 'python',
    packages: ['langchain-openai>=1.1'],
  },
  {
    name: 'instructor',
    language: 'python',
    program: 'instructor_client.py',
    folder: 'python',
    packages: ['instructor>=1.15'],
  },
  {
    name: 'pydantic-ai',
    language: 'python',
    program: 'pydantic_ai_client.py',
    folder: 'python',
    packages: ['pydantic-ai-slim[openai]>=2'],
  },
  {
    name: 'openai-agents',
    language: 'python',
    program: 'agents_client.py',
    folder: 'python',
    packages: ['openai-agents>=0.20'],
  },
  {
    name: 'openai-node',
    language: 'node',
    program: 'openai-client.mjs',
    folder: 'node',
    packages: ['openai@^6.49.0', 'zod@^4.1.8'],
  },
  { name: 'AI SDK, compatible', language: 'node', program: 'ai-client.mjs', folder: 'node', packages: AI_SDK },
  { name: 'AI SDK, openai', language: 'node', program: 'ai-openai-client.mjs', folder: 'node', packages: AI_SDK },
  {
    name: '@langchain/openai',
    language: 'node',
    program: 'langchain-client.mjs',
    folder: 'node-langchain',
    packages: ['@langchain/openai@^0.6.17', '@langchain/core@^0.3.78', 'zod@^3.25.76'],
  },
];

/** Installs what the clients need below a folder that is kept, where it is not there yet. */
export function installClients(cache: string): void {
  for (const [folder, clients] of byFolder()) {
    const packages = [...new Set(clients.flatMap((client) => client.packages))];
    installPackages(join(cache, folder), clients[0]?.language ?? 'node', packages);
  }
}

function byFolder(): Map<string, Client[]> {
  const folders = new Map<string, Client[]>();
  for (const client of CLIENTS) folders.set(client.folder, [...(folders.get(client.folder) ?? []), client]);
  return folders;
}

/** The command that runs a client's program. */
export function commandOf({ folder, language, program }: Client, cache: string): [string, string[]] {
  const source = fileURLToPath(new URL(`./${language}/${program}`, import.meta.url));
  return language === 'python' ? [join(cache, folder, 'bin', 'python'), [source]] : [process.execPath, [source]];
}
