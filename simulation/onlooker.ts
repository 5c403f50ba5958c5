import type { SendRequest } from '../activities/index.ts';
import type { Entry } from './calendar.ts';
import type { Diary } from './diary.ts';
import type { Ending, Onlooker } from './run.ts';
import type { Call } from './turn.ts';

/** Writes down what a run does by itself. */
export function createOnlooker(diary: Diary, ended: (ending: Ending) => void): Onlooker {
  /** A mail that is tried a hundred times is one line. */
  const retries = new Map<number, Entry>();
  return {
    waits(at, until, summary) {
      const last = diary.entries.at(-1);
      if (last?.what === 'deferred' && last.at === at && last.until === until) return; // has been told
      diary.add(at, { what: 'waits', until, why: summary?.replace(/^wait /, '') ?? `until ${diary.clock(until)}` });
    },
    triesAgain(call, error, at, nextAt) {
      const known = retries.get(call.seq);
      if (known) {
        known.tries = (known.tries ?? 0) + 1;
        known.until = nextAt;
        return;
      }
      const why = (error as Error).message;
      retries.set(call.seq, diary.add(at, { what: 'retries', template: nameOf(call), until: nextAt, why, tries: 1 }));
    },
    givesUp(call, at) {
      if (isSend(call)) {
        diary.add(at, { what: 'no mail', template: nameOf(call), why: 'given up before it left' });
      }
    },
    ends(at, ending) {
      ended(ending);
      diary.add(at, { what: 'ends', why: told(ending) });
    },
  };
}

function nameOf(call: Call): string {
  return isSend(call) ? (call.args[0] as SendRequest).template : call.type;
}

function isSend({ type }: Call): boolean {
  return type === 'sendEmail' || type === 'sendEmailNow';
}

function told(ending: Ending): string {
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
