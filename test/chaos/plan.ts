import { seededRandom } from '../../local/ses/random.ts';
import { orderCompleted, projectCreated, signedUp } from '../support/events.ts';
import { boundaries, type Boundary } from './boundaries.ts';
import { faultKinds, type FaultKind } from './faults.ts';

export const targets = ['worker', 'ingress', 'redis', 'nats', 'temporal'] as const;
export type Target = (typeof targets)[number];

export interface ChaosOptions {
  seed: number;
  /** Events that each cause one mail: half of them receipts, half welcomes. */
  sends: number;
  /** Whether SES tells what became of mails. */
  feed: boolean;
  /** How often each server and process is killed and frozen, and a worker dies at each boundary. */
  rounds: number;
}

export interface Disturbance {
  target: Target;
  how: 'kill' | 'freeze';
  /** How long it stands still, or stays away before it is started again; in ms. */
  ms: number;
}

export interface Death {
  boundary: Boundary;
  /** At which send of that worker. */
  nth: number;
}

/** One event that causes one mail. */
export interface Caused {
  event: Omit<ReturnType<typeof orderCompleted>, 'event_id'> & { event_id: string };
  address: string;
  template: 'receipt' | 'welcome';
  transactional: boolean;
  /** What SES does with the first request for it. */
  fault?: FaultKind;
}

export interface Plan {
  /** Published while things break. Grows when `sends` are too few for a slow machine. */
  chaos: Caused[];
  /** Published when all is well again: their mails are the later ones by which the feed tells of the earlier. */
  calm: Caused[];
  /** What ends the onboarding of those who were welcomed, so that every run closes. */
  goodbyes: ReturnType<typeof projectCreated>[];
  disturbances: Disturbance[];
  deaths: Death[];
}

const chaosShare = 0.85;

/** What happens, in which order, and to whom: all of it comes from the seed. Only the timing is the machine's. */
export function makePlan({ seed, sends, feed, rounds }: ChaosOptions): Plan {
  const random = seededRandom(seed + (feed ? 0 : 1));
  const within = (low: number, high: number) => Math.round(low + random() * (high - low));
  const people = Array.from({ length: sends }, (_, index) => caused(index, seed));
  const chaos = people.slice(0, Math.round(sends * chaosShare));
  // Not to the last of them: their requests may come when all is well again.
  giveFaults(shuffled(chaos.slice(0, Math.round(chaos.length * 0.7)), random), chaos.length);

  const each = <T>(make: (round: number) => T[]) => Array.from({ length: rounds }, (_, round) => make(round)).flat();
  const disturbances = each(() =>
    targets.flatMap((target): Disturbance[] => [
      { target, how: 'kill', ms: within(0, 1_000) },
      { target, how: 'freeze', ms: within(1_000, 4_000) },
    ]),
  );
  const farthest = Math.max(2, Math.min(20, Math.floor(sends / 200)));
  const deaths = each(() => boundaries.map((boundary): Death => ({ boundary, nth: within(1, farthest) })));
  return {
    chaos,
    calm: people.slice(chaos.length),
    goodbyes: people.filter(({ template }) => template === 'welcome').map(({ event }) => projectCreated(event)),
    disturbances: shuffled(disturbances, random, ingressIsKilledEarly),
    deaths: shuffled(deaths, random),
  };
}

/** One more receipt, for what has not happened yet: a worker at its boundary, or a kind of fault. */
export function oneMore(plan: Plan, seed: number, fault?: FaultKind): Caused {
  const extra = caused(2 * (plan.chaos.length + plan.calm.length), seed);
  if (fault) extra.fault = fault;
  plan.chaos.push(extra);
  return extra;
}

function caused(index: number, seed: number): Caused {
  const user_id = `chaos_${seed}_${index}`;
  const who = { user_id, email: `${user_id}@example.com` };
  const transactional = index % 2 === 0;
  const event = { ...(transactional ? orderCompleted(who) : signedUp(who)), event_id: `${user_id}:event` };
  return { event, address: who.email, template: transactional ? 'receipt' : 'welcome', transactional };
}

/** Each kind of fault to its share of all, two at least. */
function giveFaults(people: Caused[], all: number): void {
  let next = 0;
  for (const [kind, { share }] of Object.entries(faultKinds) as [FaultKind, { share: number }][]) {
    const until = next + Math.max(2, Math.round(share * all));
    for (const person of people.slice(next, until)) person.fault = kind;
    next = until;
  }
}

function shuffled<T>(list: readonly T[], random: () => number, weight: (item: T) => number = () => 1): T[] {
  return list
    .map((item) => ({ item, order: random() * weight(item) }))
    .sort((one, other) => one.order - other.order)
    .map(({ item }) => item);
}

/** What a dead ingress held comes again half a minute later (`ack_wait`): killed last, it would hold up the whole run. */
function ingressIsKilledEarly({ target, how }: Disturbance): number {
  return target === 'ingress' && how === 'kill' ? 0.5 : 1;
}
