import type { Gate, Halt, Pause, PauseScope, Stops } from './stops.ts';

/** A gate or a pause as it is stored, by its name: `gate/account`, `pause/all`. */
export interface Stop {
  name: string;
  /** Whole Unix ms by the store's clock. */
  since: number;
  /** Of gates only. */
  gate?: Omit<Gate, 'scope' | 'since'>;
  /** When a worker last took the turn to probe it. */
  probedAt?: number;
}

/** What is recorded of a change. */
export interface StopFact {
  at: number;
  what: 'gate_closed' | 'gate_opened' | 'paused' | 'resumed';
  journey?: string;
  topic?: string;
  details: { scope: string; reason?: string; opens?: Halt['opens']; by?: 'probe' | 'operator' };
}

/** What becomes of a stop: `after` is absent when nothing changes, and null when the stop ends. `did` is the caller's answer. */
export interface Outcome {
  did: boolean;
  after?: Stop | null;
  fact?: StopFact;
}

/** A rule decides on a stop as it is, at the time of the store's clock. */
type Rule = (before: Stop | undefined, now: number) => Outcome;

/** What a store of stops has to be able to do; the rest is the same for all of them. */
export interface StopStore {
  /** Reads the stop, applies the rule and writes what it says, with its fact, as one step that no other change gets into. */
  change(name: string, rule: Rule): Promise<boolean>;
  all(): Promise<Stop[]>;
}

/** Gates and pauses over a store. */
export function stopsOver({ change, all }: StopStore): Stops {
  const named = async (kind: 'gate/' | 'pause/') =>
    (await all())
      .filter(({ name }) => name.startsWith(kind))
      .map((stop) => ({ ...stop, scope: stop.name.slice(kind.length) }))
      .toSorted((one, other) => (one.scope < other.scope ? -1 : 1));
  return {
    close: (halt) => change(`gate/${halt.scope}`, closing(halt)),
    open: (scope) => change(`gate/${scope}`, opening(scope, 'operator')),
    openProbed: (gate) => change(`gate/${gate.scope}`, openingProbed(gate)),
    gates: async () => (await named('gate/')).map(({ scope, since, gate }) => ({ ...gate, scope, since }) as Gate),
    probeIsDue: ({ scope }, everyMs) => change(`gate/${scope}`, takingTurn(everyMs)),
    probed: async (scope, found, state) => void (await change(`gate/${scope}`, noting(found, state))),
    pause: (scope) => change(`pause/${scope}`, pausing(scope)),
    resume: (scope) => change(`pause/${scope}`, resuming(scope)),
    pauses: async () => (await named('pause/')).map(({ scope, since }) => ({ scope, since }) as Pause),
  };
}

const nothing: Outcome = { did: false };

function closing({ scope, reason, detail, opens }: Halt): Rule {
  return (before, now) => {
    if (before && (before.gate?.opens === 'operator' || opens === 'probe')) return nothing;
    return {
      did: before === undefined,
      after: { ...before, name: `gate/${scope}`, since: before?.since ?? now, gate: { reason, detail, opens } },
      fact: { at: now, what: 'gate_closed', details: { scope, reason, opens } },
    };
  };
}

function opening(scope: string, by: 'probe' | 'operator'): Rule {
  return (before, now) => {
    if (!before) return nothing;
    const { reason = '' } = before.gate ?? {};
    return { did: true, after: null, fact: { at: now, what: 'gate_opened', details: { scope, reason, by } } };
  };
}

function openingProbed({ scope, since }: Gate): Rule {
  return (before, now) => {
    const isStillThat = before?.gate?.opens === 'probe' && before.since === since;
    return isStillThat ? opening(scope, 'probe')(before, now) : nothing;
  };
}

function takingTurn(everyMs: number): Rule {
  return (before, now) => {
    if (!before || now < (before.probedAt ?? before.since) + everyMs) return nothing;
    return { did: true, after: { ...before, probedAt: now } };
  };
}

function noting(found: string, state: { ready?: true } = {}): Rule {
  return (before) => {
    if (!before?.gate) return nothing;
    const { ready: _, ...gate } = before.gate;
    return { did: true, after: { ...before, gate: { ...gate, lastProbe: found, ...state } } };
  };
}

function pausing(scope: PauseScope): Rule {
  return (before, now) =>
    before
      ? nothing
      : { did: true, after: { name: `pause/${scope}`, since: now }, fact: pauseFact('paused', scope, now) };
}

function resuming(scope: PauseScope): Rule {
  return (before, now) => (before ? { did: true, after: null, fact: pauseFact('resumed', scope, now) } : nothing);
}

function pauseFact(what: 'paused' | 'resumed', scope: PauseScope, at: number): StopFact {
  const [kind, name] = scope.split(/:(.*)/s);
  return { at, what, ...(kind !== 'all' && { [kind as 'journey' | 'topic']: name }), details: { scope } };
}
