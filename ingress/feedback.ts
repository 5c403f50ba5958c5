import { messageTagName } from '../state/keys.ts';
import type { Memory } from '../state/memory.ts';

/** What a piece of feedback did. Whatever it is, it is never a reason to stop. */
export type FeedbackResult = 'confirmed' | 'not_ours' | 'unreadable';

interface SesEvent {
  mail?: { messageId?: unknown; tags?: Record<string, unknown> };
}

/**
 * Takes in what the provider tells about a mail. Any event about it proves that the provider has it: the ledger is told,
 * so that a send whose answer was lost is settled.
 */
export async function takeFeedback(memory: Pick<Memory, 'sends'>, bytes: Uint8Array): Promise<FeedbackResult> {
  const event = read(bytes);
  if (!event) return 'unreadable';
  const values = event.mail?.tags?.[messageTagName];
  const tag = Array.isArray(values) ? values[0] : undefined;
  const id = event.mail?.messageId;
  if (typeof tag !== 'string' || typeof id !== 'string') return 'not_ours';
  return (await memory.sends.confirm(tag, id)) ? 'confirmed' : 'not_ours';
}

function read(bytes: Uint8Array): SesEvent | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
