import { messageKey, messageTag } from '../../store/message-key.ts';
import type { SendRecord, Sends } from '../../store/sends.ts';
import type { causesOf } from './plan.ts';

/** How one event ended: what SES took, and what the ledger says. */
export interface Outcome {
  event_id: string;
  transactional: boolean;
  mails: number;
  state: SendRecord['state'] | 'no record';
  /** Nobody knows what became of its last attempt; a fact still may say so. */
  inDoubt: boolean;
  /** How often it was sent again as a possible duplicate. */
  repeats: number;
  fault: string;
}

export async function outcomes(
  caused: ReturnType<typeof causesOf>,
  timesAccepted: (tag: string) => number,
  sends: Pick<Sends, 'read' | 'inDoubt'>,
): Promise<Outcome[]> {
  const doubtful = new Set((await sends.inDoubt(mostInDoubt)).map(({ tag }) => tag));
  const found: Outcome[] = [];
  for (const { event_id, template, transactional, fault } of caused) {
    const tag = messageTag(messageKey(event_id, template));
    const record = await sends.read(tag);
    found.push({
      event_id,
      transactional,
      mails: timesAccepted(tag),
      state: record?.state ?? 'no record',
      inDoubt: record?.state === 'claimed' && doubtful.has(tag),
      repeats: record?.repeats ?? 0,
      fault: fault ?? 'none',
    });
  }
  return found;
}

/** More than any run has. */
const mostInDoubt = 10_000;

/** The email was sent more than once. */
export const isDuplicate = ({ mails }: Outcome) => mails > 1;

/** It was not sent and nothing will send it, or say that it was not: everybody here has an address and has agreed to everything. */
export const isLost = ({ mails, state, inDoubt }: Outcome) => mails === 0 && state !== 'unknown' && !inDoubt;

export const isUnknown = ({ state }: Outcome) => state === 'unknown';

export const isMarked = ({ repeats }: Outcome) => repeats > 0;

/** `mostRepeats` of activities/decide-doubt.ts: after so many an email waits for a fact. */
const mostRepeats = 2;

/** An email without a feed that waits for a fact that never comes: its run stays open for a day. */
export const waitsForFacts = ({ inDoubt, transactional, repeats }: Outcome) =>
  inDoubt && (!transactional || repeats >= mostRepeats);
