import { messageKey, messageTag } from '../../state/keys.ts';
import type { SendRecord, Sends } from '../../state/sends.ts';
import type { Caused } from './plan.ts';

/** How one event ended: what SES took, and what the ledger says. */
export interface Outcome {
  event_id: string;
  transactional: boolean;
  mails: number;
  state: SendRecord['state'] | 'no record';
  /** Marked `possible_duplicate`. */
  marked: boolean;
  fault: string;
}

export async function outcomes(
  people: readonly Caused[],
  timesAccepted: (tag: string) => number,
  sends: Pick<Sends, 'read'>,
): Promise<Outcome[]> {
  const found: Outcome[] = [];
  for (const { event, template, transactional, fault } of people) {
    const tag = messageTag(messageKey(event.event_id, template));
    const record = await sends.read(tag);
    found.push({
      event_id: event.event_id,
      transactional,
      mails: timesAccepted(tag),
      state: record?.state ?? 'no record',
      marked: record?.sentAgain ?? false,
      fault: fault ?? 'none',
    });
  }
  return found;
}

/** The mail left more than once. */
export const isDuplicate = ({ mails }: Outcome) => mails > 1;

/** Nobody will send it, and nobody says so: everybody here has an address and has agreed to everything. */
export const isLost = ({ mails, state }: Outcome) => mails === 0 && state !== 'unknown';

export const isUnknown = ({ state }: Outcome) => state === 'unknown';

/** Two answers about one mail were lost, and neither mail had left: the second is the last that is tried blindly. */
export const isGivenUp = ({ mails, state, marked }: Outcome) => mails === 0 && state === 'unknown' && marked;
