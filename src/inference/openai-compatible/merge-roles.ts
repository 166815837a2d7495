import type { EngineMessage } from '../engine.ts';

/**
 * The messages as the strictest chat templates take them: one system message, at the start, that says what all of them
 * said, and no two messages of a user or of the assistant in a row. Calls of tools and their results stay apart.
 * @param withoutSystem the template knows no system (Gemma): what it says begins the first message of the user
 */
export function mergeRoles(
  messages: readonly EngineMessage[],
  { withoutSystem }: { withoutSystem: boolean },
): EngineMessage[] {
  const system = messages.filter(({ role }) => role === 'system');
  const merged: EngineMessage[] =
    system.length > 0 ? [{ ...system.reduce(join), role: withoutSystem ? 'user' : 'system' }] : [];
  for (const message of messages) {
    if (message.role === 'system') continue;
    const last = merged.at(-1);
    if (last && last.role === message.role && isPlain(last) && isPlain(message)) {
      merged[merged.length - 1] = join(last, message);
    } else merged.push(message);
  }
  return merged;
}

function join(first: EngineMessage, second: EngineMessage): EngineMessage {
  return { ...first, content: [...first.content, ...second.content] };
}

function isPlain({ role, toolCalls }: EngineMessage): boolean {
  return (role === 'user' || role === 'assistant') && toolCalls === undefined;
}
