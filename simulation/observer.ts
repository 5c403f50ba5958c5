import { ApplicationFailure } from '@temporalio/common';

import type { SendRequest } from '../activities/index.ts';
import type { Entry } from './calendar.ts';
import type { Ending, Observer } from './run.ts';
import type { Timeline } from './timeline.ts';
import type { Call } from './turn.ts';

/** Adds to the timeline what a run does by itself. `ended` is called once, with how it ended. */
export function createObserver(timeline: Timeline, ended: (ending: Ending) => void): Observer {
  /** An email that is tried a hundred times is one entry. */
  const retries = new Map<number, Entry>();
  return {
    waits(at, until, summary) {
      const last = timeline.entries.at(-1);
      if (last?.what === 'deferred' && last.at === at && last.until === until) return; // the entry for it says so already
      timeline.add(at, {
        what: 'waits',
        until,
        why: summary?.replace(/^wait /, '') ?? `until ${timeline.clock(until)}`,
      });
    },
    triesAgain(call, error, at, nextAt) {
      const known = retries.get(call.seq);
      if (known) {
        if (known.tries !== undefined) known.tries += 1;
        known.until = nextAt;
        return;
      }
      const entry = { template: nameOf(call), until: nextAt, why: (error as Error).message };
      // Nothing is wrong when something is not known yet: that is a wait, however often it is asked for.
      const what = isNotKnownYet(error) ? ({ what: 'waits' } as const) : ({ what: 'retries', tries: 1 } as const);
      retries.set(call.seq, timeline.add(at, { ...what, ...entry }));
    },
    givesUp(call, at) {
      if (isSend(call)) {
        timeline.add(at, { what: 'no mail', template: nameOf(call), why: 'given up before it was sent' });
      }
    },
    ends(at, ending) {
      ended(ending);
      timeline.add(at, { what: 'ends', why: textOf(ending) });
    },
  };
}

function isNotKnownYet(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === 'NotKnownYet';
}

function nameOf(call: Call): string {
  return isSend(call) ? (call.args[0] as SendRequest).template : call.type;
}

function isSend({ type }: Call): boolean {
  return type === 'sendEmail' || type === 'sendEmailInline';
}

function textOf(ending: Ending): string {
  switch (ending.how) {
    case 'returned':
      return typeof ending.outcome === 'string' ? ending.outcome : (JSON.stringify(ending.outcome) ?? 'done');
    case 'cancelled':
      return 'cancelled';
    case 'failed':
      return `failed: ${ending.why}`;
    case 'stuck':
      return `never: the code is wrong, and Temporal would try this turn again for ever: ${ending.why}`;
    default:
      return ending satisfies never;
  }
}
