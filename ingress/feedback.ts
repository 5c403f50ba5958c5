import { messageTagName } from '../state/keys.ts';
import type { Memory } from '../state/memory.ts';
import type { Told } from '../state/sends.ts';

/** What a piece of feedback did. `duplicate`: it tells of a mail that has left twice. None is a reason to stop. */
export type FeedbackResult = 'confirmed' | 'duplicate' | 'not_ours' | 'unreadable';

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
  return results[await memory.sends.confirm(tag, id)];
}

const results = { told: 'confirmed', again: 'duplicate', no_record: 'not_ours' } as const satisfies Record<
  Told,
  FeedbackResult
>;

function read(bytes: Uint8Array): SesEvent | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
