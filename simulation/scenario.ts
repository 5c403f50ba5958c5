import type { Event } from '../events/index.ts';
import type { ParsedEvent } from '../events/parse.ts';
import type { RecipientFeedback } from '../events/recipient-feedback.ts';
import { recordPerson } from '../ingress/record-person.ts';
import { type Route, routes } from '../ingress/routes.ts';
import { messageKey, messageTag } from '../store/message-key.ts';
import { judge, unknownRecipient } from '../workflows/recipient-policy.ts';
import type { SimulatedEnvironment } from './environment.ts';
import type { Fault } from './fake-sender.ts';
import type { Planned } from './happenings.ts';
import type { KnownPerson } from './person.ts';
import type { Run } from './run.ts';
import { letPass } from './taken.ts';
import type { Timeline } from './timeline.ts';

/** Everything that something which happens may change. */
export interface Scenario {
  timeline: Timeline;
  environment: SimulatedEnvironment;
  user: string;
  journey: string;
  route: Omit<Route, 'starts'>;
  /** The event that starts the journey. */
  start: Event;
  /** The run, once it has begun. */
  run?: Run;
  fault?: { kind: Fault; until: number };
}

/** Does what happens to the person, the provider or the worker at this instant (Unix ms). */
export async function happen(scenario: Scenario, planned: Planned, now: number): Promise<void> {
  const { timeline, environment, run, start } = scenario;
  if (run?.ended()) {
    return void timeline.add(now, { what: 'not heard', ...aboutOf(planned), why: 'after the end: nothing follows' });
  }
  if (planned.kind === 'event') return processEvent(scenario, planned, now);

  timeline.add(now, { what: 'happens', why: planned.text });
  switch (planned.kind) {
    case 'bounces':
      return feedback(scenario, {
        id: `feedback-${now}`,
        at: now,
        kind: 'bounce',
        type: 'permanent',
        sub_type: 'General',
      });
    case 'complains':
      return feedback(scenario, { id: `feedback-${now}`, at: now, kind: 'complaint' });
    case 'clicks': {
      const tag = messageTag(messageKey(start.event_id, planned.template));
      await environment.store.engagement.record(tag, { id: `click-${now}`, type: 'click', by: 'human', at: now });
      return;
    }
    case 'fault':
      scenario.fault = { kind: planned.fault, until: now + planned.ms };
      return;
    case 'restarts':
      return void (await run?.restart(now));
    case 'cancelled':
      return run?.deliver(now, [{ kind: 'cancel', reason: 'simulation' }]);
    default:
      planned satisfies never;
  }
}

/** As ingress does before any journey gets an event: it is recorded, and what it says about its person. */
export async function recordEvent({ environment }: Scenario, parsed: ParsedEvent, now: number): Promise<void> {
  const { store } = environment;
  await store.events.record({ event: parsed.event, personal: parsed.personal, receivedAt: now });
  await recordPerson(store, parsed, now);
}

/** What was known of the person at `at`, before anything happened. */
export async function recordKnown({ environment }: Scenario, person: KnownPerson, at: number): Promise<void> {
  const { user_id, topics: _, payload: __, plan, ...contact } = person;
  await environment.store.contacts.record(user_id, { ...contact, ...(plan !== undefined && { plan }) }, at);
}

/** As ingress does before it starts a run, so that an opt-out finds it. */
export async function registerRun({ environment, user, journey, route, start }: Scenario, now: number): Promise<void> {
  const { listensFor = [], topic, transactional } = route;
  await environment.store.running.register(user, {
    workflowId: start.event_id,
    journey,
    listensFor,
    ...(topic !== undefined && { topic }),
    ...(transactional && { transactional }),
    since: start.timestamp,
    registeredAt: now,
  });
}

async function processEvent(scenario: Scenario, planned: Planned & { kind: 'event' }, now: number): Promise<void> {
  const { timeline, run, route } = scenario;
  const { parsed, sampled } = planned;
  const { event, contact, consent } = parsed;
  await recordEvent(scenario, parsed, now);
  if (contact?.time_zone) timeline.moveTo(contact.time_zone);

  const hears = run !== undefined && (route.listensFor?.includes(event.event_type) ?? false);
  const what = hears ? 'hears' : isAboutThePerson(event) ? 'happens' : 'not heard';
  const why = hears ? sampled : what === 'happens' ? planned.text : whyNotHeard(scenario, event);
  const entry = timeline.add(now, {
    what,
    ...(what !== 'happens' && aboutOf(planned)),
    ...(why !== undefined && { why }),
  });

  if (consent && event.event_type === 'consent.revoked') {
    const { topics } = consent;
    await feedback(scenario, {
      id: event.event_id,
      at: now,
      kind: 'opt_out',
      topics,
      recorded: true,
      source: 'simulation',
    });
  }
  if (!hears) return;
  const before = await run.metadata();
  await run.deliver(now, [{ kind: 'signal', name: event.event_type, args: [event] }]);
  // Only now is it known, and what the run did about it is below this entry already.
  if (letPass(event.event_type, before, await run.metadata())) {
    entry.what = 'not heard';
    entry.why = [notMeant, sampled].filter((text) => text !== undefined).join('; ');
  }
}

const notMeant = 'it is not meant for this run: the condition of its listenFor says no';

/** Events that need no journey to have their effect. */
function isAboutThePerson({ event_type }: Event): boolean {
  return ['contact.updated', 'consent.granted', 'consent.revoked'].includes(event_type);
}

function whyNotHeard({ run, route, journey }: Scenario, { event_type }: Event): string {
  if (run === undefined) return 'before the start: nothing hears it';
  const starts = routes[event_type]?.starts;
  const known = route.listensFor?.length ? `it listens for ${route.listensFor.join(', ')}` : 'it listens for nothing';
  return `${journey} does not listen for it; ${known}${starts ? `. It starts ${starts}, by itself` : ''}`;
}

function aboutOf(planned: Planned): { event: string } {
  return { event: planned.kind === 'event' ? planned.parsed.event.event_type : planned.text };
}

/** Feedback about the person's address: judged by the policy of the recipient workflow, applied by its activity. */
async function feedback({ environment, timeline, user }: Scenario, received: RecipientFeedback): Promise<void> {
  const { store, activities } = environment;
  const address = await store.contacts.addressHashOf(user);
  if (address === undefined)
    return void timeline.add(received.at, { what: 'happens', why: 'nothing follows: no address is known' });
  const state = (await activities.recallRecipient(address)) ?? unknownRecipient;
  await activities.applyFeedback(address, judge(state, [received]));
}

/** What the journey calls when feedback or an opt-out ends it: see stop-journeys.ts. */
export async function cancelRun({ run, timeline }: Scenario, now: number, why: string): Promise<boolean> {
  if (!run || run.ended()) return false;
  timeline.add(now, { what: 'leaves', why: reasons[why] ?? why });
  await run.deliver(now, [{ kind: 'cancel', reason: why }]);
  return true;
}

const reasons: Record<string, string> = {
  opt_out: 'they opted out',
  hard_bounce: 'the address does not exist',
  complaint: 'they complained',
};
