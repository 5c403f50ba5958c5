import type { SendRecord } from '../state/sends.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { ended } from './dispatch.ts';
import { neverAgain, tryAgainIn } from './failures.ts';
import type { Send, SendResult, Way, WayIsFree } from './send.ts';
import { settle } from './settle.ts';

/** What became of earlier attempts at this mail: its result, or how this one may go on. */
export async function afterEarlierAttempts(
  deps: ActivityDependencies,
  send: Send,
  record: SendRecord | undefined,
  way: Way,
): Promise<WayIsFree | { result: SendResult }> {
  if (!record) return { failures: 0 };
  switch (record.state) {
    case 'accepted':
      return { result: sentBefore(record) };
    case 'unknown':
      return { result: { outcome: 'unknown' } };
    case 'refused':
      throw neverAgain('MailRefused', record.detail ?? 'the provider refused this mail');
    case 'released':
      return { failures: record.failures };
    case 'dispatching': {
      if (way === 'at_once') throw tryAgainIn(1, 'Settling', 'an earlier attempt may have sent it');
      const settled = await settle(deps, send, record);
      return settled === 'unknown' ? { result: ended(deps, send, { outcome: 'unknown' }) } : settled;
    }
    default:
      throw unreadable(deps, send, record.state satisfies never);
  }
}

/** Another version wrote it. Whatever it means, sending would be blind: it waits for a worker that can read it. */
function unreadable({ log, settings }: ActivityDependencies, send: Send, state: string): Error {
  log.error({ message_key: send.key, state }, 'the ledger says what this version does not know');
  return tryAgainIn(
    settings.probeEveryMs,
    'LedgerUnreadable',
    `the ledger says "${state}", which this version does not know`,
  );
}

function sentBefore(record: SendRecord): SendResult {
  return {
    outcome: 'sent',
    ...(record.providerId && { message_id: record.providerId }),
    ...(record.version && { version: record.version }),
    ...(record.sentAgain && { possible_duplicate: true }),
  };
}
