import { CODES_ID } from './codes-id.ts';
import { SENTENCES_ID } from './sentences-id.ts';

/** The server's sentences are English; in Indonesian they are told by the sentence, else by the code, else as they are. */
export function explainIn(language: 'en' | 'id', problem: unknown): string {
  const { code, message } = partsOf(problem);
  if (language === 'en') return message;
  return found(SENTENCES_ID, message) ?? found(CODES_ID, code) ?? message;
}

function partsOf(problem: unknown): { readonly code?: string | undefined; readonly message: string } {
  if (typeof problem !== 'object' || problem === null) return { message: String(problem) };
  const { code, message } = problem as { readonly code?: unknown; readonly message?: unknown };
  return { code: typeof code === 'string' ? code : undefined, message: String(message ?? problem) };
}

/** What stands there under a name that came from a server, and nothing that every object has. */
function found(texts: Readonly<Record<string, string>>, name: string | undefined): string | undefined {
  return name !== undefined && Object.hasOwn(texts, name) ? texts[name] : undefined;
}
