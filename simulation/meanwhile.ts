import type { Event } from '../events/index.ts';
import type { ParsedEvent } from '../events/parse.ts';
import type { RecipientFeedback } from '../events/recipient-feedback.ts';
import { type Route, routes } from '../ingress/routes.ts';
import type { ConsentState } from '../state/consents.ts';
import { messageKey } from '../state/keys.ts';
import type { Diary } from './diary.ts';
import { takeFeedback } from './feedback.ts';
import type { Planned } from './happenings.ts';
import type { Fault } from './mailroom.ts';
import type { Remembered } from './remembered.ts';
import type { Run } from './run.ts';
import type { SimulatedSettings } from './settings.ts';
import { letPass } from './taken.ts';

/** Everything that something which happens may change. */
export interface Scene {
  diary: Diary;
  remembered: Remembered;
  settings: SimulatedSettings;
  user: string;
  journey: string;
  route: Omit<Route, 'starts'>;
  /** The event that starts the journey. */
  start: Event;
  /** The run, once it has begun. */
  run?: Run;
  fault?: { kind: Fault; until: number };
}

/** Does what has happened to the person, the provider or the worker at this instant (Unix ms). */
export async function happen(scene: Scene, planned: Planned, now: number): Promise<void> {
  const { diary, run } = scene;
  if (run?.ended()) {
    return void diary.add(now, { what: 'not heard', ...aboutOf(planned), why: 'after the end: nothing follows' });
  }
  if (planned.kind === 'event') return takeEvent(scene, planned, now);

  diary.add(now, { what: 'happens', why: planned.told });
  switch (planned.kind) {
    case 'bounces':
      return feedback(scene, now, { kind: 'bounce', type: 'permanent', sub_type: 'General' });
    case 'complains':
      return feedback(scene, now, { kind: 'complaint' });
    case 'clicks':
      return void scene.remembered.clicked.add(messageKey(scene.start.event_id, planned.template));
    case 'fault':
      scene.fault = { kind: planned.fault, until: now + planned.ms };
      return;
    case 'restarts':
      return void (await run?.restart(now));
    case 'cancelled':
      return run?.tell(now, [{ kind: 'cancel', reason: 'simulation' }]);
    default:
      planned satisfies never;
  }
}

/** As ingress does: who they are and what they agreed to is written down before any journey hears of the event. */
export async function recordPerson({ remembered }: Scene, { event, contact, consent }: ParsedEvent): Promise<void> {
  const { memory } = remembered;
  const { event_id: id, user_id: user, timestamp: at, payload } = event;
  const plan = 'plan' in payload && payload.plan !== undefined ? { plan: payload.plan } : {};
  await memory.contacts.record(user, { ...contact, ...plan }, at);
  if (consent) await memory.consents.record(user, { id, state: saidBy(event), consent, at });
}

function saidBy({ event_type }: Event): ConsentState {
  if (event_type === 'consent.revoked') return 'revoked';
  return event_type === 'consent.requested' ? 'pending' : 'granted';
}

async function takeEvent(scene: Scene, planned: Planned & { kind: 'event' }, now: number): Promise<void> {
  const { diary, run, route } = scene;
  const { parsed } = planned;
  const { event, contact, consent } = parsed;
  await recordPerson(scene, parsed);
  if (contact?.time_zone) diary.moveTo(contact.time_zone);

  const hears = run !== undefined && (route.listensFor?.includes(event.event_type) ?? false);
  const what = hears ? 'hears' : isAboutThePerson(event) ? 'happens' : 'not heard';
  const why = hears ? planned.madeUp : what === 'happens' ? planned.told : whyNotHeard(scene, event);
  const entry = diary.add(now, {
    what,
    ...(what !== 'happens' && aboutOf(planned)),
    ...(why !== undefined && { why }),
  });

  if (consent && event.event_type === 'consent.revoked') await leave(scene, event, consent.topics, now);
  if (!hears) return;
  const before = await run.metadata();
  await run.tell(now, [{ kind: 'signal', name: event.event_type, args: [event] }]);
  // Only now is it known, and what the run did about it stands below the entry already.
  if (letPass(event.event_type, before, await run.metadata())) {
    entry.what = 'not heard';
    entry.why = [notMeant, planned.madeUp].filter((text) => text !== undefined).join('; ');
  }
}

const notMeant = 'it is not meant for this run: the condition of its listenFor says no';

/** Events that need no journey to have their effect. */
function isAboutThePerson({ event_type }: Event): boolean {
  return ['contact.updated', 'consent.granted', 'consent.revoked'].includes(event_type);
}

function whyNotHeard({ run, route, journey }: Scene, { event_type }: Event): string {
  if (run === undefined) return 'before the start: nothing hears it';
  const starts = routes[event_type]?.starts;
  const known = route.listensFor?.length ? `it listens for ${route.listensFor.join(', ')}` : 'it listens for nothing';
  return `${journey} does not listen for it; ${known}${starts ? `. It starts ${starts}, by itself` : ''}`;
}

function aboutOf(planned: Planned): { event: string } {
  return { event: planned.kind === 'event' ? planned.parsed.event.event_type : planned.told };
}

async function leave(scene: Scene, { event_id: id }: Event, topics: string[], now: number): Promise<void> {
  const said = { kind: 'opt_out', topics, user: scene.user, recorded: true, source: 'simulation' } as const;
  await feedback(scene, now, said, id);
}

type Said = RecipientFeedback extends infer One ? (One extends unknown ? Omit<One, 'id' | 'at'> : never) : never;

async function feedback(scene: Scene, now: number, said: Said, id = `feedback-${now}`): Promise<void> {
  const { remembered, settings, user, diary, run, journey, route, start } = scene;
  remembered.running = run
    ? [{ workflowId: start.event_id, journey, listensFor: [], ...route, since: start.timestamp, registeredAt: now }]
    : [];
  const piece: RecipientFeedback = { ...said, id, at: now };
  const known = await takeFeedback(remembered, settings, piece, user, async (_, why) => {
    if (!run || run.ended()) return false;
    diary.add(now, { what: 'leaves', why: reasons[why] ?? why });
    await run.tell(now, [{ kind: 'cancel', reason: why }]);
    return true;
  });
  if (!known) diary.add(now, { what: 'happens', why: 'nothing follows: no address is known' });
}

const reasons: Record<string, string> = {
  opt_out: 'they opted out',
  hard_bounce: 'the address does not exist',
  complaint: 'they complained',
};
