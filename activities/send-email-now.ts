import { ApplicationFailure } from '@temporalio/common';

import type { Sight } from '../state/departures.ts';
import type { Template } from '../templates/catalogue.ts';
import { standingOf } from './check-consent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { claimBy, compose, dispatch, ended } from './dispatch.ts';
import { afterEarlierAttempts } from './earlier-attempts.ts';
import { type FailureType, tryAgainIn } from './failures.ts';
import { aboutOf, describe, patienceMs, type Send, type SendRequest, type SendResult, type Wait } from './send.ts';
import { closedUntil } from './send-window.ts';
import { overtaken } from './settle.ts';
import { backBefore, held, outOfQuota } from './wait-for-turn.ts';

/** It did not leave here: the queue goes on with it, in these words and after this wait. */
export interface NotNow {
  outcome: 'not_now';
  version: string;
  wait: Wait;
}

/** What a try in the workflow turn has done, and to which template: Temporal keeps no input of it. */
export type SentNow = SendResult & { template: string };

/**
 * `sendEmail` for a try inside the workflow turn, which must not wait. What would be tried again later is handed back with its
 * wait; only what is wrong for good, or what a quick repetition may mend, fails.
 */
export async function sendEmailNow(
  deps: ActivityDependencies,
  template: Template,
  request: SendRequest,
  room: RoomInTurns,
): Promise<SentNow | NotNow> {
  const send = describe(deps, template, request, 'at_once');
  const sight = await deps.memory.departures.look(send.tag, { user: send.user, topic: template.topic });
  const version = sight.record?.version ?? template.version;
  return sentNow({ name: template.name, version }, sendAtOnce(deps, send, sight, request, room));
}

/** What a try that may have to wait means for the turn in which it was made: `version` is of the words it has begun with. */
export async function sentNow(
  { name, version }: Pick<Template, 'name' | 'version'>,
  sending: Promise<SendResult>,
): Promise<SentNow | NotNow> {
  try {
    return { ...(await sending), template: name };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.nonRetryable) throw error;
    const { type, message, nextRetryDelay } = error;
    const wait = { ms: Number(nextRetryDelay ?? 1), type: type as FailureType, message };
    return { outcome: 'not_now', version, wait };
  }
}

/**
 * The same steps as on the queue, in three calls to Redis: a look at everything; then limit, the last look and the claim as
 * one; then the provider's answer. People are looked at before a slot is booked, since nothing comes in between.
 */
async function sendAtOnce(
  deps: ActivityDependencies,
  send: Send,
  sight: Sight,
  request: SendRequest,
  room: RoomInTurns,
): Promise<SendResult> {
  const { template } = send;
  const way = await afterEarlierAttempts(deps, send, sight.record, 'at_once');
  if ('result' in way) return way.result;
  // An attempt in a turn that was lost, of which the run knows nothing. The queue goes on in the same words.
  if (sight.record?.version && sight.record.version !== template.version)
    throw tryAgainIn(1, 'Settling', `it has begun as version ${sight.record.version}`);

  const until = await closedUntil(deps, send, request.journey, sight.contact);
  if (until !== undefined) return ended(deps, send, { outcome: 'deferred', until, version: template.version });

  // Without the right hash beside the address nobody's suppressions were looked at. The queue makes the hash itself.
  const { email } = sight.contact;
  if (email && sight.addressHash !== deps.memory.addressHash(email))
    throw tryAgainIn(1, 'RateLimited', 'the address was recorded without its hash');

  const standing = standingOf(sight, template, deps.settings.consentModel);
  if (!standing.may) return ended(deps, send, { outcome: standing.why });

  const mail = compose(deps, send, standing.contact, request.event);
  return room.within(async () => dispatch(deps, send, mail, { claim: await leave(deps, send, sight.seen), way }));
}

/** How many sends may be under way in the workflow turns of one worker, which has 100 turns at once. */
const mostInTurns = 75;

/** Keeps turns free for runs that send nothing now: a turn that sends lasts as long as the provider takes to answer. */
export interface RoomInTurns {
  /**
   * Does it once there is room. Where none comes within a moment, the provider is slow: throws what sends the mail to the
   * queue, where slow sends stand in nobody's way.
   */
  within<T>(send: () => Promise<T>): Promise<T>;
}

export function createRoomInTurns(): RoomInTurns {
  let underWay = 0;
  const waiting: (() => void)[] = [];
  /** Whether somebody who ends hands on the place in time; first come, first served. */
  const handedOn = () =>
    new Promise<boolean>((resolve) => {
      const take = () => {
        clearTimeout(patience);
        resolve(true);
      };
      const patience = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1);
        resolve(false);
      }, patienceMs.at_once);
      waiting.push(take);
    });

  return {
    async within(send) {
      if (underWay < mostInTurns) underWay += 1;
      else if (!(await handedOn())) throw tryAgainIn(1, 'RateLimited', 'the provider is slow, and the turns are full');
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

async function leave(deps: ActivityDependencies, send: Send, seen: string) {
  for (let waitedMs = 0; ;) {
    const claim = await claimBy(deps, send, (id) =>
      deps.memory.departures.leave(send.tag, id, send.terms, seen, aboutOf(send)),
    );
    if ('id' in claim) return claim;
    switch (claim.kind) {
      case 'taken':
        throw overtaken();
      case 'changed':
        throw tryAgainIn(1, 'RateLimited', 'what is known of the person changed at this moment');
      case 'stopped':
        throw await held(deps, send, claim.by);
      case 'no_quota':
        throw await outOfQuota(deps, send);
      case 'wait':
        if (waitedMs + claim.waitMs > send.patienceMs) throw backBefore(claim.waitMs);
        await deps.wait(claim.waitMs);
        waitedMs += claim.waitMs;
        break;
      default:
        claim satisfies never;
    }
  }
}
