import { withoutAddresses } from '../config/scrub.ts';
import type { Claimed, SendSnapshot } from '../store/sends.ts';
import { providerGate } from '../store/stops.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { ClaimTerms } from './earlier-attempts.ts';
import { waitFor } from './failures.ts';
import { park } from './park.ts';
import type { Send } from './send.ts';
import { takeSlot } from './take-slot.ts';

/** An email that this attempt may hand to the provider. */
export interface Claim {
  /** Another one after each renewal. */
  readonly id: string;
  possibleDuplicate: boolean;
  /** Throws when the email may not be sent any more, or another attempt has it. Called right before the first byte. */
  lastCheck: () => Promise<void>;
}

/** The last moment at which anything but the provider can stop an email: the last check and the claim are one statement. */
export async function claimEmail(
  deps: ActivityDependencies,
  send: Send,
  seen: SendSnapshot['seen'],
  { over, possibleDuplicate }: ClaimTerms,
  slotHasPassed: () => boolean,
): Promise<Claim> {
  const stops = await stopsFor(deps, send);
  const fresh = freshness();
  let { id } = send.attempt;
  const claimed = await claim(deps, send, { id, seen, stops, over, possibleDuplicate });
  if (claimed.kind !== 'claimed') throw await notClaimed(deps, send, claimed);

  let stale = fresh;
  let renewals = 0;
  return {
    get id() {
      return id;
    },
    possibleDuplicate: possibleDuplicate === true,
    /**
     * A process that stood still between its claim and the call may have been given up meanwhile, and the email sent by another
     * attempt: a claim older than a second is renewed with the whole last check. From there on the request's own time-out
     * runs, which is shorter than the time after which another attempt would decide. The renewed claim has another id: what
     * another attempt has decided about the old one, such as that nothing was sent under it by then, says nothing about this one.
     *
     * A slot that has passed meanwhile is replaced once. The claim is given back where that takes longer than this attempt waits.
     */
    async lastCheck() {
      if (slotHasPassed()) {
        await takeSlot(deps, send).catch(async (error: unknown) => {
          await giveBack(deps, send, id);
          throw error;
        });
      }
      while (stale()) {
        const again = freshness();
        const renewed = `${send.attempt.id}/${(renewals += 1)}`;
        const answer = await claim(deps, send, { id: renewed, seen, stops, over: id }).catch((error: unknown) => {
          send.attempt.leaveUnsent(id); // the one of the two that the ledger has
          throw error;
        });
        if (answer.kind !== 'claimed') {
          await giveBack(deps, send, id);
          throw await notClaimed(deps, send, answer);
        }
        id = renewed;
        stale = again;
      }
    },
  };
}

/** A claim whose reply is lost may have been made: the next attempt is told that nothing was sent under it. */
async function claim(deps: ActivityDependencies, send: Send, request: Parameters<typeof deps.store.sends.claim>[1]) {
  try {
    return await deps.store.sends.claim(send, request);
  } catch {
    send.attempt.leaveUnsent(request.id);
    throw waitFor(1_000, 'StoreUnavailable', 'the ledger did not answer');
  }
}

/** Gives the claim back: nothing was sent under it. Where the ledger does not answer, the next attempt is told so. */
export async function giveBack(
  deps: ActivityDependencies,
  send: Send,
  claim: string,
  counts = { failure: false },
): Promise<number> {
  try {
    return await deps.store.sends.release(send.tag, claim, counts);
  } catch {
    send.attempt.leaveUnsent(claim);
    return 1;
  }
}

async function notClaimed(
  deps: ActivityDependencies,
  send: Send,
  claimed: Exclude<Claimed, { kind: 'claimed' }>,
): Promise<Error> {
  switch (claimed.kind) {
    case 'taken':
      return claimedElsewhere();
    case 'changed':
      return waitFor(1, 'ChangedSinceLook', 'what is known of the person changed at this moment');
    case 'stopped':
      return held(deps, send, claimed.by);
    default:
      return claimed satisfies never;
  }
}

/** The next attempt reads what became of it. */
export const claimedElsewhere = () => waitFor(1, 'ClaimedElsewhere', 'another attempt has claimed or ended it');

/** An email that a gate or a pause holds waits here, before it uses up a slot that another could be sent in. */
export async function refuseWhileHeld(deps: ActivityDependencies, send: Send, by: string | undefined): Promise<void> {
  if (by === undefined || (by === providerGate && (await deps.health.isCanary(send.tag)))) return;
  throw await held(deps, send, by);
}

/** While the provider is unreliable, one email at a time tries whether it still is. */
async function stopsFor({ health }: ActivityDependencies, { stops, tag }: Send): Promise<readonly string[]> {
  return (await health.isCanary(tag)) ? stops.filter((name) => name !== providerGate) : stops;
}

/**
 * An email that a gate or a pause holds asks again after a tenth of the time that it has waited, within these bounds, or later
 * when many are held: each time it asks is an Action of Temporal, and a tenth is not noticed.
 */
const [soonestMs, latestMs] = [1_000, 30_000];

/** A gate or a pause is in the way; `by` is its name among the stops. Histories keep this, so the sender's address is left out. */
export function held(deps: ActivityDependencies, send: Send, by: string): Promise<Error> {
  const heldMs = Math.min(latestMs, Math.max(soonestMs, Math.round(send.attempt.askedForMs / 10)));
  const [kind, scope] = [by.slice(0, by.indexOf('/')), withoutAddresses(by.slice(by.indexOf('/') + 1))];
  return kind === 'gate'
    ? park(deps, send, heldMs, 'GateClosed', `the gate "${scope}" is closed; see rivulet gate list`)
    : park(deps, send, heldMs, 'Paused', `paused: ${scope}; rivulet resume ends it`);
}

/** Whether a second has passed, by the clock that stands still when the machine sleeps or by the one that jumps. */
function freshness(): () => boolean {
  const [ticks, time] = [performance.now(), Date.now()];
  return () => performance.now() - ticks > 1_000 || Math.abs(Date.now() - time) > 1_000;
}
