import type { Settings, TextConstraint } from '../../chat/steering.ts';
import { KtpflowError } from '../../errors.ts';
import type { ServerKind } from './options.ts';

/** These hand `chat_template_kwargs` to the model's chat template, where thinking is switched. */
const TAKE_TEMPLATE_ARGUMENTS: ReadonlySet<ServerKind> = new Set(['vllm', 'sglang', 'llamacpp']);

/**
 * Settings as a server's kind writes them. What has no other name goes as it came: a server that does not know it says
 * so, or ignores it as it would from its own clients.
 */
export function toUpstreamSettings(kind: ServerKind, settings: Settings): Record<string, unknown> {
  const { chat_template_kwargs: given, enable_thinking, reasoning, think, thinking, ...others } = settings;
  const effort = effortOf(settings);
  const rest = { ...others, ...(effort !== null && { reasoning_effort: effort }) };
  const wanted = wantsThinking(settings);
  if (TAKE_TEMPLATE_ARGUMENTS.has(kind)) {
    const isSaid = typeof given === 'object' && given !== null && 'enable_thinking' in given;
    const template = { ...(given ?? {}), ...(wanted !== null && !isSaid && { enable_thinking: wanted }) };
    return { ...rest, ...(Object.keys(template).length > 0 && { chat_template_kwargs: template }) };
  }
  if (kind === 'ollama') {
    return { ...rest, ...(wanted === false && { reasoning_effort: 'none' }) };
  }
  return { ...settings };
}

/** How much the model is to think, by any of its names; null: nothing is said. */
function effortOf({ reasoning, reasoning_effort, think }: Settings): string | null {
  const nested = typeof reasoning === 'object' && reasoning !== null && 'effort' in reasoning ? reasoning.effort : null;
  const said = [reasoning_effort, nested, think].find((value) => typeof value === 'string');
  return typeof said === 'string' ? said : null;
}

/** Whether the caller wants the model to think; null: nothing is said. */
export function wantsThinking(settings: Settings): boolean | null {
  const { chat_template_kwargs: given, enable_thinking, reasoning, think, thinking } = settings;
  if (typeof given === 'object' && given !== null && 'enable_thinking' in given) return Boolean(given.enable_thinking);
  if (typeof enable_thinking === 'boolean') return enable_thinking;
  if (typeof thinking === 'boolean') return thinking;
  if (typeof think === 'boolean') return think;
  if (typeof reasoning === 'object' && reasoning !== null && 'enabled' in reasoning) {
    if (typeof reasoning.enabled === 'boolean') return reasoning.enabled;
  }
  if (typeof thinking === 'object' && thinking !== null && 'type' in thinking && typeof thinking.type === 'string') {
    return thinking.type !== 'disabled';
  }
  return null;
}

/**
 * A constraint as a server's kind writes it.
 * @throws KtpflowError unsupported where it has no such thing: text that ignores a constraint is worse than none
 */
export function toUpstreamConstraint(
  kind: ServerKind,
  constraint: TextConstraint,
  engineId: string,
): Record<string, unknown> {
  const { kind: form, param, value } = constraint;
  switch (kind) {
    case 'vllm':
      // Older and newer ones differ in the name; the caller knows which one this is.
      return param.startsWith('guided_') ? { [param]: value } : { structured_outputs: { [form]: value } };
    case 'sglang':
      if (form === 'regex') return { regex: value };
      if (form === 'grammar') return { ebnf: value };
      if (form === 'choice') return { regex: (value as string[]).map(escapeRegExp).join('|') };
      break;
    case 'llamacpp':
      if (form === 'grammar') return { grammar: value };
      if (form === 'choice') {
        return { grammar: `root ::= ${(value as string[]).map((text) => JSON.stringify(text)).join(' | ')}` };
      }
  }
  throw new KtpflowError('unsupported', `The engine ${engineId} cannot hold an answer to ${param}.`, { param });
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
