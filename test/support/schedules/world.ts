import { ApplicationFailure } from '@temporalio/common';

import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import { MailerError, type SendFailure } from '../../../activities/failures.ts';
import type { Attempt } from '../../../activities/send.ts';
import { sendEmail } from '../../../activities/send-email.ts';
import type { Event } from '../../../events/index.ts';
import type { Feed } from '../../../store/feed.ts';
import type { Value } from '../../../store/postgres/connect.ts';
import type { Statement } from '../../../store/postgres/statement.ts';
import { createSends } from '../../../store/postgres/sends.ts';
import type { DoubtDecision, Sends, SendSnapshot } from '../../../store/sends.ts';
import type { Store } from '../../../store/store.ts';
import type { Template } from '../../../templates/catalogue.ts';
import { type Actor, createActor } from './actor.ts';
import { clock } from './clock.ts';
import { type CurrentState, type Effects, queriesOn } from './effects.ts';
import { type System, Violation } from './explore.ts';
import { checkEnd, checkOutcome, checkRows, checkStep } from './invariants.ts';
import { around, names, type Rows, template } from './rows.ts';

/** What the provider does with a call: whether it takes the email, and what the caller sees. */
export const answers = {
  accepted: { takes: true },
  'accepted, answer lost': { takes: true, failure: { kind: 'ambiguous' } },
  'accepted, id lost': { takes: true, failure: { kind: 'accepted_id_unknown' } },
  'not taken, answer lost': { takes: false, failure: { kind: 'ambiguous' } },
  unavailable: { takes: false, failure: { kind: 'unavailable' } },
  refused: { takes: false, failure: { kind: 'refused' } },
} satisfies Record<string, { takes: boolean; failure?: SendFailure }>;
export type Answer = keyof typeof answers;

export interface Scenario {
  class: 'marketing' | 'transactional';
  /** Executions that may run at the same time. Those of one kind start in order: they are alike. */
  attempts: readonly Attempt['way'][];
  /** Crashes, lost replies and bad answers that one schedule has at most. */
  faults: number;
  /** How the provider may answer, beside `accepted`. */
  answers?: readonly Answer[];
  /** The rows at the beginning. */
  rows: () => Rows;
  /** The event lacks what the template shows. */
  lacksData?: true;
  /** The attempt before the beginning was accepted, and its answer lost. */
  sentBefore?: true;
  /** `silent`: it is read, and the provider reports nothing. */
  feed: 'truthful' | 'silent';
  /** Steps of the environment; each may happen once, at any time, or not at all. */
  environment: readonly EnvironmentStep[];
}

/**
 * `report`: the feed reports one accepted call (each may be reported).
 * `feed read`: all ingresses have processed everything up to now. `second`, `hour`, `day`: time passes.
 * `night`: from now on no marketing email may be sent at this hour, until the end.
 */
export type EnvironmentStep =
  | 'report'
  | 'feed read'
  | 'second'
  | 'hour'
  | 'day'
  | 'opt-out'
  | 'suppression'
  | 'pause'
  | 'resume'
  | 'night'
  | `operator: ${DoubtDecision}`;

/** What a mutation of the protocol changes. */
export interface Protocol {
  /** Wraps what an attempt depends on. */
  change?: (deps: ActivityDependencies) => ActivityDependencies;
  attemptId?: (index: number) => string;
  /** Calls the provider as a mailer does. */
  mailer?: (
    call: (lastCheck: () => Promise<void>) => Promise<string>,
    lastCheck: () => Promise<void>,
  ) => Promise<string>;
  leavesUnsent?: false;
  /** A deferred email forgets which claims sent nothing. */
  forgetsUnsent?: true;
}

/** A call of the provider. `epoch`: the hour in which it was made. */
export interface Call {
  claim: string;
  answer: Answer;
  takes: boolean;
  id: string;
  epoch: number;
  reported: boolean;
}

/** What is known of a schedule beside its rows; invariants read it. */
export interface History {
  calls: Call[];
  /** Attempts that died with a claim. */
  diedClaimed: boolean;
  /** Decisions of an operator. */
  decided: DoubtDecision[];
  /** How often the ledger said that an email was sent twice. */
  noticedTwice: number;
  /** It is not an hour for marketing emails. */
  isNight: boolean;
  /** Times on the clock. */
  optedOutAt: number | undefined;
  pausedAt: number | undefined;
}

interface AttemptState {
  actor: Actor;
  way: Attempt['way'];
  /** What it has observed. */
  observed: string[];
  id: string;
  /** The claim it has, once the ledger said so. */
  claim: string | undefined;
  /** When the claim was asked for, on the clock. */
  claimedAt: number;
  /** An opt-out had been acknowledged when its claim began. */
  claimedAfterOptOut: boolean;
  /** The hour in which the claim that it found was made. */
  dispatched: number;
}

// A night that no schedule sees the end of, and less than two days long: with almost three, one of the broken protocols is not found.
const inTwoDays = (['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const)[(new Date().getUTCDay() + 2) % 7]!;
const hourMs = 3_600_000;
/** The same in every schedule. */
const askedAt = Date.now();
const settleAfterMs = hourMs / 2;
const hoursOf = (ms = 0) => Math.floor(ms / hourMs);
const noAnswer = () => Object.assign(new Error('no answer'), { code: undefined });

/** The send protocol with its environment. Every step is one statement, one call of the provider, or one event outside. */
export function createWorld(effects: Effects, scenario: Scenario, protocol: Protocol = {}): System {
  const state: CurrentState = { current: effects.stateOf(scenario.rows()), observed: '' };
  const queries = queriesOn(effects, state);
  const sends = createSends(queries);
  let time = 0;
  const attempts = scenario.attempts.map((way, index) => newAttempt(way, index));
  /** Statements whose reply was lost and that may still be run. */
  const late: { label: string; execute: () => Promise<unknown>; asked: string }[] = [];
  const unused = new Set<string>(scenario.environment);
  const unsent: { by: AttemptState; claim: string }[] = [];
  let faults = scenario.faults;
  let epoch = 0;
  let readEpoch = -1_000;
  // Reports come in any order: those of later emails may have come before anything else.
  const laterReported = scenario.feed === 'truthful' ? 3 : 0;
  const history: History = {
    calls: [],
    diedClaimed: state.current.rows.send[0]?.state === 'claimed',
    decided: [],
    noticedTwice: 0,
    isNight: false,
    optedOutAt: undefined,
    pausedAt: undefined,
  };
  if (scenario.sentBefore)
    history.calls.push({
      claim: 'earlier',
      answer: 'accepted, answer lost',
      takes: true,
      id: 'ses-earlier',
      epoch: -state.current.rows.send[0]!.age,
      reported: false,
    });

  function newAttempt(way: Attempt['way'], index: number): AttemptState {
    const id = protocol.attemptId?.(index) ?? `attempt-${index}`;
    return {
      actor: createActor(),
      way,
      id,
      observed: [],
      claim: undefined,
      claimedAt: 0,
      claimedAfterOptOut: false,
      dispatched: 0,
    };
  }

  const isStale = ({ claimedAt }: AttemptState) => time - claimedAt > 1_000;

  // What an attempt depends on: the product's own code over the real statements, each behind a point.

  function startAttempt(attempt: AttemptState): Promise<void> {
    const { actor, way, id } = attempt;
    const known = unsent.filter(({ by }) => by.actor.state === 'ended').map(({ claim }) => claim);
    attempt.observed.push(`unsent ${known.join()}`);
    const given: Attempt = {
      id,
      way,
      isFirst: false,
      patienceMs: 0,
      askedForMs: 0,
      unsent: known,
      leaveUnsent(claim) {
        if (protocol.leavesUnsent !== false) unsent.push({ by: attempt, claim });
      },
    };
    const deps = depsOf(attempt);
    const { eventId: event_id, user: user_id, journey } = names;
    const event: Event = { event_id, event_type: 'cart.abandoned', user_id, timestamp: 0, payload: {} };
    const request = { event, template, journey, since: askedAt } as Parameters<typeof sendEmail>[2];
    return actor.begin(() =>
      sendEmail(protocol.change?.(deps) ?? deps, templateOf(scenario), request, given).then(
        ({ outcome }) => outcome,
        (error: unknown) =>
          error instanceof ApplicationFailure ? `${error.type}` : `failed: ${(error as Error).message}`,
      ),
    );
  }

  function depsOf(attempt: AttemptState): ActivityDependencies {
    const { actor } = attempt;
    const statementAt = <T>(label: string, execute: () => Promise<T>) => actor.at<T>({ label, execute });
    const observed: Partial<Sends> = {
      look: (email) => statementAt('look', () => sends.look(email)),
      claim(email, claim) {
        attempt.claimedAt = time;
        return statementAt(`claim ${claim.id}`, () => sends.claim(email, claim));
      },
      accept: (...given) => statementAt(`accept ${given[1]}`, () => sends.accept(...given)),
      release: (...given) => statementAt(`release ${given[1]}`, () => sends.release(...given)),
      conclude: (...given) => statementAt(`conclude ${given[1]} ${given[2]}`, () => sends.conclude(...given)),
      endUnsent: (...given) => statementAt(`end unsent ${given[1]}`, () => sends.endUnsent(...given)),
      doubt: (...given) => statementAt(`doubt ${given[1]}`, () => sends.doubt(...given)),
    };
    const store: object = {
      addressHash: (address: string) => address,
      sends: observed,
      feed: {
        since: (dispatchedAt: number) => actor.at({ label: 'feed' }).then(() => feedSince(attempt, dispatchedAt)),
      },
      slots: { take: async () => ({ kind: 'slot' }), park: async (_: unknown, ms: number) => ms },
    };
    return {
      store: store as Store,
      now: () => time,
      templates: { find: async () => undefined, names: () => [] },
      links: {
        unsubscribe: () => 'https://mail.example.com/u',
        preferences: () => 'https://mail.example.com/p',
        confirm: () => '',
      },
      mailer: {
        send: (_, lastCheck) =>
          protocol.mailer
            ? protocol.mailer((check) => handOver(attempt, check), lastCheck)
            : handOver(attempt, lastCheck),
        readAccount: async () => undefined,
        isOver: async () => false,
        close() {},
      },
      attemptOf: () => {
        throw new Error('attempts are made by the schedule');
      },
      wait: async () => {},
      health: {
        accepted() {},
        ambiguous: async () => {},
        acceptedSince: async () => true,
        takeCanary: async () => false,
        isCanary: async () => false,
      },
      cancelRun: async () => false,
      log: { info() {}, warn() {}, error() {} },
      metrics: {
        sends: { inc() {} },
        duplicates: { inc: () => void (history.noticedTwice += 1) },
        suppressions: { inc() {} },
        recipientFacts: { inc() {} },
      },
      settings: {
        sender: () => ({ from: 'hello@example.com' }),
        topicTitles: {},
        consentModel: () => 'opt_in',
        sendingTimes: () => (history.isNight ? [{ send_window: { days: [inTwoDays] } }] : []),
        complaintsStop: 'all',
        settleAfterMs,
        backoffMs: 1,
        maxAttempts: 3,
        probeEveryMs: 1,
      },
    };
  }

  /**
   * From the last check on nothing waits but the provider, and its time-out is shorter than the time after which another attempt
   * decides: so no time passes at the point `provider`. At `hand over` it does, and then the last check has to renew the claim.
   */
  async function handOver(attempt: AttemptState, lastCheck: () => Promise<void>): Promise<string> {
    const { actor } = attempt;
    let answer = await actor.at<Answer | 'go'>({ label: 'hand over' });
    await lastCheck();
    if (answer === 'go') answer = await actor.at<Answer>({ label: 'provider' });
    return call(attempt, answer);
  }

  function call(attempt: AttemptState, answer: Answer): string {
    const { takes, failure } = answers[answer] as { takes: boolean; failure?: SendFailure };
    const claim = attempt.claim ?? 'none';
    violatedBy.call = violationOfCall(attempt, claim);
    history.calls.push({ claim, answer, takes, id: `ses-${history.calls.length}`, epoch, reported: false });
    if (failure) throw new MailerError(failure, answer);
    return history.calls.at(-1)!.id;
  }

  /** A violation that the code of an attempt ran into: it must not be caught there. */
  const violatedBy: { call?: string | undefined } = {};
  function violationOfCall(attempt: AttemptState, claim: string): string | undefined {
    const { optedOutAt, pausedAt } = history;
    if (claim === 'none') return 'the provider was called without a claim';
    if (history.calls.some((call) => call.claim === claim)) return 'the provider was called twice under one claim';
    if (attempt.claimedAfterOptOut) return 'the provider was called under a claim that began after the opt-out';
    if (optedOutAt !== undefined && time - optedOutAt > 1_000) return 'the provider was called long after the opt-out';
    if (pausedAt !== undefined && time - pausedAt > 1_000) return 'the provider was called long after the pause';
    return undefined;
  }

  /** In hours: `dispatchedAt` was read before time may have passed. */
  function feedSince({ dispatched }: AttemptState, dispatchedAt: number): Feed {
    const readUntil = dispatchedAt + (readEpoch - dispatched) * hourMs + 1;
    return { ...(readEpoch >= 0 && { readUntil }), laterReported, slowestMs: 0 };
  }

  // The steps.

  function choices(): string[] {
    return [
      ...attempts.flatMap((attempt, index) => stepsOf(attempt).map((step) => `${index} ${step}`)),
      ...late.map(({ label }, index) => `late ${index} ${label}`),
      ...history.calls.flatMap((call, index) =>
        unused.has('report') && call.takes && !call.reported && scenario.feed === 'truthful' ? [`report ${index}`] : [],
      ),
      ...[...unused].filter((step) => isPossible(step as EnvironmentStep)),
    ];
  }

  function stepsOf(attempt: AttemptState): string[] {
    const { actor, way } = attempt;
    if (actor.state === 'unborn') {
      const before = attempts.findLast((other, index) => other.way === way && index < attempts.indexOf(attempt));
      return before?.actor.state === 'unborn' ? [] : ['start'];
    }
    if (!actor.point) return [];
    const crash = faults > 0 ? ['crash'] : [];
    const { label } = actor.point;
    if (label === 'feed') return ['run', ...crash];
    if (label === 'hand over' && isStale(attempt)) return ['go', ...crash];
    if (label === 'hand over' || label === 'provider')
      return ['accepted', ...(faults > 0 ? (scenario.answers ?? []) : []), ...crash];
    return ['run', ...(faults > 0 ? ['reply lost'] : []), ...crash];
  }

  function isPossible(step: EnvironmentStep): boolean {
    const {
      send: [send],
    } = state.current.rows;
    const labels = attempts.map(({ actor }) => actor.point?.label ?? '');
    const waits = labels.some((label) => label === 'hand over' || label.startsWith('claim'));
    switch (step) {
      case 'report':
        return false; // offered call by call
      case 'feed read':
        return readEpoch < epoch && mayBeRead();
      case 'second':
        return !labels.includes('provider') && waits;
      case 'hour':
      case 'day':
        return !labels.includes('provider') && (waits || send?.state === 'claimed' || send?.state === 'released');
      case 'resume':
        return history.pausedAt !== undefined;
      case 'operator: send':
      case 'operator: give_up':
        return !!send?.doubt && send.doubt.decision === undefined;
      case 'opt-out':
      case 'suppression':
      case 'pause':
      case 'night':
        return true;
      default:
        return step satisfies never;
    }
  }

  /** All that was accepted in an hour that is over has been reported. */
  const mayBeRead = () =>
    scenario.feed === 'silent' || history.calls.every((call) => !call.takes || call.reported || call.epoch === epoch);

  async function step(choice: string): Promise<void> {
    const [subject, ...rest] = choice.split(' ');
    if (subject === 'late') {
      const [statement] = late.splice(Number(rest[0]), 1);
      await run(statement!.label, statement!.execute);
    } else if (subject === 'report') await report(history.calls[Number(rest[0])]!);
    else if (/^\d/.test(choice)) await stepOf(attempts[Number(subject)]!, rest.join(' '));
    else await environment(choice as EnvironmentStep);
    if (violatedBy.call) throw new Violation(violatedBy.call);
  }

  async function stepOf(attempt: AttemptState, how: string): Promise<void> {
    const { actor } = attempt;
    if (how === 'start') {
      await startAttempt(attempt);
      await stepOf(attempt, 'run'); // nothing happens between the beginning of an attempt and its look
      return;
    }
    const { label, execute } = actor.point!;
    if (how !== 'run' && how !== 'accepted' && how !== 'go') faults -= 1;
    if (how === 'crash') {
      if (attempt.claim !== undefined || label.startsWith('claim')) history.diedClaimed = true;
      actor.crash();
    } else if (how === 'reply lost') {
      late.push({ label, execute: execute!, asked: attempt.observed.join() });
      await actor.fail(noAnswer());
    } else if (execute) {
      const result = await run(label, execute);
      attempt.observed.push(`${label}: ${state.observed}`);
      if (label === 'look') noteFound(attempt, (result as SendSnapshot).record);
      noteClaim(attempt, label, result);
      await actor.resume(result);
    } else {
      attempt.observed.push(how);
      await actor.resume(how);
    }
    if (protocol.forgetsUnsent && actor.outcome === 'deferred') unsent.length = 0;
    if (actor.state === 'ended') checkOutcome(actor.outcome!, state.current.rows, history);
  }

  /** Runs a statement of an attempt. One that names a claim ends or gives back no other. */
  async function run(label: string, execute: () => Promise<unknown>): Promise<unknown> {
    const {
      send: [before],
    } = state.current.rows;
    const result = await execute();
    const {
      send: [after],
    } = state.current.rows;
    const [what, claim] = label.split(' ');
    if ((what === 'release' || what === 'conclude') && before?.state !== after?.state && before?.claim !== claim)
      throw new Violation('an attempt ended or gave back the claim of another attempt');
    return result;
  }

  function noteFound(attempt: AttemptState, record: SendSnapshot['record']): void {
    attempt.dispatched = epoch - hoursOf(record?.ageMs);
  }

  function noteClaim(attempt: AttemptState, label: string, result: unknown): void {
    if (!label.startsWith('claim') || (result as { kind: string }).kind !== 'claimed') return;
    attempt.claim = label.slice('claim '.length);
    attempt.claimedAfterOptOut = history.optedOutAt !== undefined;
    if (history.pausedAt !== undefined) violatedBy.call = 'an email was claimed while it was paused';
  }

  async function report(call: Call): Promise<void> {
    call.reported = true;
    const { kind } = await sends.confirm(names.tag, call.id);
    if (kind === 'again') history.noticedTwice += 1;
  }

  async function environment(choice: EnvironmentStep): Promise<void> {
    unused.delete(choice);
    switch (choice) {
      case 'feed read':
        readEpoch = epoch;
        return;
      case 'second':
        time += 2_000;
        return;
      case 'hour':
        return passes(1);
      case 'day':
        return passes(25);
      case 'opt-out':
        history.optedOutAt = time;
        await happens(around.optOut);
        return;
      case 'suppression':
        history.optedOutAt = time;
        await happens(around.suppression);
        return;
      case 'pause':
        history.pausedAt = time;
        await happens(around.pause);
        return;
      case 'resume':
        history.pausedAt = undefined;
        await happens(around.resume);
        return;
      case 'operator: send':
      case 'operator: give_up': {
        const decision = choice === 'operator: send' ? 'send' : 'give_up';
        history.decided.push(decision);
        await sends.decide(names.tag, decision);
        return;
      }
      case 'night':
        history.isNight = true;
        return;
      case 'report':
        return;
      default:
        choice satisfies never;
    }
  }

  const happens = ({ statement, values }: { statement: Statement; values: readonly Value[] }) =>
    queries.query(statement, values);

  async function passes(hours: number): Promise<void> {
    epoch += hours;
    time += hours * hourMs;
    await happens(around.time(hours));
  }

  async function take(choice: string): Promise<void> {
    const before = state.current;
    clock.ms = time;
    await step(choice);
    const { rows } = state.current;
    checkRows(rows, history, scenario);
    checkStep(before.rows, rows);
  }

  // The end.

  async function end(): Promise<void> {
    late.length = 0;
    faults = 0;
    history.isNight = false;
    if (history.pausedAt !== undefined) {
      const calls = history.calls.length;
      await oneMore();
      if (history.calls.length > calls) throw new Violation('an email was sent while it was paused');
      await take('resume');
    }
    if (scenario.feed === 'truthful') {
      for (const [index, call] of history.calls.entries())
        if (call.takes && !call.reported) await take(`report ${index}`);
    }
    for (let tries = 0; tries < 6; tries++) {
      await take(scenario.feed === 'truthful' ? 'hour' : 'day');
      readEpoch = epoch;
      const outcome = await oneMore();
      if (isEnd(outcome)) return checkEnd(outcome, state.current.rows, history, scenario);
    }
    throw new Violation(`the email is stuck: ${attempts.at(-1)!.actor.outcome}`);
  }

  /** One more attempt, without any fault. Returns how it ended. */
  async function oneMore(): Promise<string> {
    const index = attempts.push(newAttempt('queued', attempts.length)) - 1;
    await take(`${index} start`);
    const { actor } = attempts[index]!;
    while (actor.point) await take(`${index} ${stepsOf(attempts[index]!)[0]}`);
    return actor.outcome!;
  }

  /** What the end depends on: by then all attempts are over, and statements under way are lost. */
  const endState = () =>
    JSON.stringify([
      state.current.id,
      unsent.map(({ by, claim }) => [by.actor.state, claim]),
      readEpoch - epoch,
      history.calls.map(({ claim, answer, id, reported, epoch: at }) => [claim, answer, id, reported, at - epoch]),
      [history.diedClaimed, history.decided, history.noticedTwice > 0],
      [history.optedOutAt, history.pausedAt].map((at) => at !== undefined && time - at > 1_000),
      [history.optedOutAt === undefined, history.pausedAt === undefined],
    ]);

  return {
    choices,
    take,
    state: () =>
      JSON.stringify([
        endState(),
        attempts.map((attempt) => stateOf(attempt, isStale(attempt))),
        late.map(({ label, asked }) => [label, asked]),
        [...unused],
        faults,
        history.isNight,
      ]),
    endState,
    mayEnd: () => attempts.every(({ actor }) => actor.state !== 'waiting'),
    end,
  };
}

/** An attempt that is over no longer matters but for how it ended. */
function stateOf({ actor, observed, claim, claimedAfterOptOut, dispatched }: AttemptState, stale: boolean): unknown {
  if (actor.state !== 'waiting') return actor.state;
  return [actor.point?.label, observed, claim, claimedAfterOptOut, dispatched, stale];
}

/** Results and permanent failures; everything else is tried again. */
const isEnd = (outcome: string) => /^(sent|unknown|suppressed|no_consent|EmailRefused|MissingData)$/.test(outcome);

function templateOf({ class: kind, lacksData }: Scenario): Template {
  const copy = () => {
    if (lacksData) throw new Error('the event lacks a field');
    return 'copy';
  };
  const words = { subject: copy, preheader: copy, html: copy, text: copy };
  return {
    name: template,
    version: 'v1',
    class: kind,
    topic: 'offers',
    events: ['cart.abandoned'],
    compiled: {} as Template['compiled'],
    variantFor: () => ({ locale: 'en', words }),
  };
}
