import { seededRandom } from '../../local/ses/random.ts';
import { boundaries, type Boundary } from './boundaries.ts';
import { faultKinds, type FaultKind, type ProviderTrouble, providerTroubles } from './faults.ts';
import type { Message } from './message.ts';
import { type Caused, goodbyeOf, makeCrowd, oneOrder, type Person } from './people.ts';
import { makePoison, type Poison } from './poison.ts';
import { ingresses, isServer, type Target, targets } from './targets.ts';
import { outages } from './windows.ts';

export interface ChaosOptions {
  seed: number;
  /** Emails that events cause: receipts and welcomes. */
  sends: number;
  /** Whether SES tells what became of mails. */
  feed: boolean;
  /** How often each server and process is killed and frozen, and a worker dies at each boundary. */
  rounds: number;
  /**
   * Each server and process is killed or frozen rather than both: with the feed the one, without it the other, so that both runs of
   * a seed are the whole.
   */
  halved: boolean;
  /** How often Redis loses everything that it holds. */
  wipes: number;
  /** Whether Postgres fails over to a synchronous standby, once. */
  failover: boolean;
  /** Of each window of the product that is no longer than this: trouble of half, twice and ten times its length. */
  longestWindowMs: number;
}

export type Disturbance =
  /** `ms`: how long it stands still, or stays away before it is started again. `outage`: of which window that is half, twice or ten times. */
  | { target: Target; how: 'kill' | 'freeze'; ms: number; outage?: string }
  | { target: 'provider'; how: ProviderTrouble; ms: number; outage: string }
  | { target: 'redis'; how: 'wipe' }
  | { target: 'postgres'; how: 'failover' }
  /** No trouble by itself: much at once. */
  | { target: 'producers'; how: 'bulk' | 'hot user' };

export interface Death {
  boundary: Boundary;
  /** At which send of that worker. */
  nth: number;
}

export interface Plan {
  /** Published while things break. */
  chaos: Person[];
  /** Published while things break, in one go. */
  bulk: Person[];
  hot: Person;
  /** Published when all is well again: their mails are the later ones by which the feed tells of the earlier. */
  calm: Person[];
  /** What the plan lacked when it was carried out: a slow machine needs more. */
  more: Person[];
  poison: Poison[];
  /** Rows of what happens one after another; the rows themselves side by side. */
  disturbances: Disturbance[][];
  deaths: Death[];
}

const chaosShare = 0.85;

/** Poisoned messages of each kind. */
const poisonShare = 0.002;

/** What happens, in which order, and to whom: all of it comes from the seed. Only the timing is the machine's. */
export function makePlan(options: ChaosOptions): Plan {
  const { seed, sends, feed, rounds } = options;
  const random = seededRandom(seed + (feed ? 0 : 1));
  const within = (low: number, high: number) => Math.round(low + random() * (high - low));
  const { ordinary, bulk, hot } = makeCrowd(seed, sends, random);
  const chaos = ordinary.slice(0, Math.round(ordinary.length * chaosShare));
  // Not to the last of them: their requests may come when all is well again.
  giveFaults(shuffled(chaos.slice(0, Math.round(chaos.length * 0.7)), random), chaos.length);
  const farthest = Math.max(2, Math.min(20, Math.floor(sends / 200)));
  const deaths = Array.from({ length: rounds }, () =>
    boundaries.map((boundary): Death => ({ boundary, nth: within(1, farthest) })),
  ).flat();
  const victims = chaos.slice(0, Math.ceil(chaos.length / 4));
  return {
    chaos,
    bulk,
    hot,
    calm: ordinary.slice(chaos.length),
    more: [],
    poison: shuffled(makePoison(seed, Math.max(2, Math.round(poisonShare * sends)), victims, random), random),
    disturbances: inRows(disturbancesOf(options, random, within), random),
    deaths: shuffled(deaths, random),
  };
}

function disturbancesOf(
  { seed, feed, rounds, halved, wipes, failover, longestWindowMs }: ChaosOptions,
  random: () => number,
  within: (low: number, high: number) => number,
): Disturbance[] {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  const troubles = shuffled(Object.keys(providerTroubles) as ProviderTrouble[], random);
  let trouble = 0;
  const sides = seededRandom(seed);
  const inRounds = Array.from({ length: rounds }, () =>
    targets.flatMap((target): Disturbance[] => {
      const kill = { target, how: 'kill', ms: within(0, 1_000) } as const;
      const freeze = { target, how: 'freeze', ms: within(1_000, 4_000) } as const;
      if (!halved) return [kill, freeze];
      return [sides() < 0.5 === feed ? kill : freeze];
    }),
  ).flat();
  const lengths = outages(longestWindowMs, pick).map(({ target, ms, label: outage }): Disturbance => {
    if (target === 'provider') return { target, how: troubles[trouble++ % troubles.length]!, ms, outage };
    return { target, how: pick(['kill', 'freeze'] as const), ms, outage };
  });
  return [
    ...inRounds,
    ...lengths,
    ...Array.from({ length: wipes }, (): Disturbance => ({ target: 'redis', how: 'wipe' })),
    ...(failover ? [{ target: 'postgres', how: 'failover' } as const] : []),
    { target: 'producers', how: 'bulk' },
    { target: 'producers', how: 'hot user' },
  ];
}

/** Servers in one row, processes in another, the provider and bursts in a third: so each is also hurt while another is. */
function inRows(all: Disturbance[], random: () => number): Disturbance[][] {
  const rows: Record<'servers' | 'processes' | 'outside', Disturbance[]> = { servers: [], processes: [], outside: [] };
  for (const each of all) {
    if (each.target === 'provider' || each.target === 'producers') rows.outside.push(each);
    else rows[isServer(each.target) ? 'servers' : 'processes'].push(each);
  }
  return Object.values(rows).map((row) => shuffled(row, random, ingressIsKilledEarly));
}

/** One more receipt, for what has not happened yet: a worker at its boundary, or a kind of fault. */
export function oneMore(plan: Plan, seed: number, fault?: FaultKind): Person {
  const extra = oneOrder(seed, plan.more.length, fault);
  plan.more.push(extra);
  return extra;
}

export function everyone({ chaos, bulk, hot, calm, more }: Plan): Person[] {
  return [...chaos, ...bulk, hot, ...calm, ...more];
}

/** Events that each cause one email and are a run. */
export function causesOf(people: readonly Person[]): (Caused & Pick<Person, 'fault'>)[] {
  return people.flatMap(({ emails, fault }) => emails.map((email) => ({ ...email, ...(fault && { fault }) })));
}

/** What lets every onboarding end. */
export function goodbyesOf(people: readonly Person[]): Message[] {
  return people.filter(({ emails }) => emails.some(({ template }) => template === 'welcome')).map(goodbyeOf);
}

/** Each kind of fault to its share of all, two at least. */
function giveFaults(people: Person[], all: number): void {
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

/** What a dead ingress held comes again ten seconds later (`ack_wait`): killed last, it would hold up the whole run. */
function ingressIsKilledEarly({ target, how }: Disturbance): number {
  return (ingresses as readonly string[]).includes(target) && how === 'kill' ? 0.5 : 1;
}
