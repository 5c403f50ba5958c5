import { ApplicationFailure } from '@temporalio/common';

import { waitFor, type WaitType } from './failures.ts';
import { inlinePatienceMs, type SendResult, type Wait } from './send.ts';

/** It was not sent inline: the queue takes over with this template version after `wait`. */
export interface Queued {
  outcome: 'queued';
  version: string;
  wait: Wait;
  unsent?: string[];
}

/** What an inline attempt has done, and with which template: Temporal keeps no input of it. */
export type SentInline = SendResult & { template: string };

/** What an attempt that may have to wait means for the workflow task in which it was made. */
export async function inline(
  { name, version }: { name: string; version: string },
  unsent: readonly string[],
  sending: Promise<SendResult>,
): Promise<SentInline | Queued> {
  try {
    return { ...(await sending), template: name };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.nonRetryable || error.nextRetryDelay === undefined) throw error;
    const { type, message, nextRetryDelay } = error;
    const wait = { ms: Number(nextRetryDelay), type: type as WaitType, message };
    return {
      outcome: 'queued',
      version: startedAs(error) ?? version,
      wait,
      ...(unsent.length > 0 && { unsent: [...unsent] }),
    };
  }
}

/** The template version that an earlier attempt began with. */
function startedAs({ type, details }: ApplicationFailure): string | undefined {
  return type === 'StartedAsOtherVersion' ? (details?.[0] as string) : undefined;
}

/** How many sends may be under way in the workflow tasks of one worker, which has 100 at once. */
const mostInline = 75;

/** Keeps workflow tasks free for runs that send nothing now: one that sends lasts as long as the provider takes to answer. */
export interface InlineCapacity {
  /** Runs it once there is capacity. Where none comes within a moment, the provider is slow: throws the wait `NoCapacityHere`. */
  within<T>(send: () => Promise<T>): Promise<T>;
}

export function createInlineCapacity(): InlineCapacity {
  let underWay = 0;
  const waiting: (() => void)[] = [];
  /** Whether a place is handed over in time; first come, first served. */
  const handedOver = () =>
    new Promise<boolean>((resolve) => {
      const take = () => {
        clearTimeout(patience);
        resolve(true);
      };
      const patience = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1);
        resolve(false);
      }, inlinePatienceMs);
      waiting.push(take);
    });

  return {
    async within(send) {
      if (underWay < mostInline) underWay += 1;
      else if (!(await handedOver()))
        throw waitFor(1, 'NoCapacityHere', 'the provider is slow: all inline places of this worker are taken');
      try {
        return await send();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else underWay -= 1;
      }
    },
  };
}
