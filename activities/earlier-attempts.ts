import type { SendRecord } from '../store/sends.ts';
import { decideDoubt } from './decide-doubt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failPermanently, waitFor } from './failures.ts';
import type { Send, SendResult } from './send.ts';

/** How this attempt may claim the email. */
export interface ClaimTerms {
  /** The claim of an earlier attempt that was decided: it is taken over. */
  over?: string;
  /** That attempt may have sent it after all. */
  possibleDuplicate?: true;
}

/** What became of earlier attempts at this email: its result, or how this one may claim it. */
export async function afterEarlierAttempts(
  deps: ActivityDependencies,
  send: Send,
  record: SendRecord | undefined,
): Promise<ClaimTerms | { result: SendResult }> {
  if (!record) return {};
  switch (record.state) {
    case 'accepted':
      return { result: sentBefore(record) };
    case 'unknown':
      return { result: { outcome: 'unknown' } };
    case 'refused':
      throw failPermanently('EmailRefused', record.detail ?? 'the provider refused this email');
    case 'released':
      keepVersion(send, record);
      return {};
    case 'claimed':
      keepVersion(send, record);
      return sentNothing(send, record) ? { over: record.claim } : decideDoubt(deps, send, record);
    default:
      return record.state satisfies never;
  }
}

/** That attempt ended before it called the provider, or was refused by it, and said so to the one after it. */
function sentNothing({ attempt }: Send, { claim }: SendRecord): boolean {
  return attempt.unsent.includes(claim);
}

/**
 * An attempt in a workflow task that was lost, of which the run knows nothing, began with another version: the queue continues
 * with that one. A queued attempt gets its version with the request.
 */
function keepVersion({ attempt, templateVersion }: Send, { version }: SendRecord): void {
  if (attempt.way === 'inline' && version !== templateVersion)
    throw waitFor(1, 'StartedAsOtherVersion', `an earlier attempt began with version ${version}`, version);
}

function sentBefore({ providerId, version, repeats }: SendRecord): SendResult {
  return {
    outcome: 'sent',
    version,
    ...(providerId && { message_id: providerId }),
    ...(repeats > 0 && { possible_duplicate: true }),
  };
}
