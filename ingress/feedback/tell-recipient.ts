import { setTimeout as sleep } from 'node:timers/promises';

import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

import type { RecipientFeedback } from '../../events/recipient-feedback.ts';

const userId = defineSearchAttributeKey('UserId', SearchAttributeType.KEYWORD);

/** A run takes about five signals a second for long; what comes faster about one address goes together in one signal. */
const gapMs = 200;
const mostInOneSignal = 200;
/** What comes back about a person goes before every mail. */
const priorityKey = 1;
const deadlineMs = 8_000;

/** Brings feedback to the recipient workflow of an address. Resolves when Temporal has it. */
export type TellRecipient = (address: string, feedback: RecipientFeedback, people: readonly string[]) => Promise<void>;

interface Waiting {
  feedback: RecipientFeedback;
  people: readonly string[];
  told: () => void;
  failed: (error: unknown) => void;
}

/**
 * Signals the run of an address, and starts it where there is none. The first piece goes at once; what comes while it is on
 * its way, or within a moment after it, follows in one signal, so that ten thousand in a minute are a few hundred signals.
 */
export function createTellRecipient(client: Client): TellRecipient {
  const waiting = new Map<string, Waiting[]>();

  const work = async (address: string, queue: Waiting[]) => {
    while (queue.length > 0) {
      const pieces = queue.splice(0, mostInOneSignal);
      try {
        await signal(client, address, pieces);
        for (const { told } of pieces) told();
      } catch (error) {
        for (const { failed } of pieces) failed(error);
      }
      await sleep(gapMs);
    }
    waiting.delete(address);
  };

  return (address, feedback, people) =>
    new Promise((told, failed) => {
      const queue = waiting.get(address);
      const piece = { feedback, people, told, failed };
      if (queue) {
        queue.push(piece);
        return;
      }
      const first = [piece];
      waiting.set(address, first);
      void work(address, first);
    });
}

/** Policies are left to their defaults: an ended run may be started again, and a running one is signalled. */
async function signal(client: Client, address: string, pieces: readonly Waiting[]): Promise<void> {
  const people = [...new Set(pieces.flatMap(({ people }) => people))];
  await client.withDeadline(Date.now() + deadlineMs, () =>
    client.workflow.signalWithStart('recipient', {
      workflowId: `recipient/${address}`,
      taskQueue: 'journeys',
      args: [],
      signal: 'feedback',
      signalArgs: [pieces.map(({ feedback }) => feedback)],
      priority: { priorityKey },
      ...(people[0] !== undefined && { typedSearchAttributes: [{ key: userId, value: people[0] }] }),
      staticSummary: `feedback about ${people.join(', ') || 'an address of nobody we know'}`.slice(0, 200),
    }),
  );
}
