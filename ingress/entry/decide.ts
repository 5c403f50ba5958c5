import { createHash } from 'node:crypto';

import type { JourneySettings } from '../../config/journeys.ts';
import type { FullEvent } from '../../events/index.ts';
import type { KeptOut } from '../../store/entries.ts';
import type { PersonNow, Rule } from './rule.ts';

/** What the settings of a journey say of an event, but for who has entered before. */
export type Verdict = { enters: true } | { enters: false; because: KeptOut; why: string };

/** Decides by everything that needs no memory. `now` is when the event is taken in, Unix ms. */
export function decideEntry(
  journey: string,
  settings: JourneySettings,
  rule: Rule | undefined,
  event: FullEvent,
  person: PersonNow,
  now: number,
): Verdict {
  const { enabled, when, rollout, schedule, max_event_age: maxAge } = settings;
  if (!enabled) return out('disabled', 'enabled is false');
  if (schedule?.from !== undefined && now < schedule.from)
    return out('outside_schedule', `schedule.from is ${asTime(schedule.from)}, and it was ${asTime(now)}`);
  if (schedule?.until !== undefined && now >= schedule.until)
    return out('outside_schedule', `schedule.until is ${asTime(schedule.until)}, and it was ${asTime(now)}`);
  const age = now - event.timestamp;
  if (maxAge !== undefined && age > maxAge)
    return out('too_old', `max_event_age is ${inHours(maxAge)}, and the event was ${inHours(age)} old`);
  const said = rule?.(event, person, now);
  if (said && 'failed' in said) return out('rule_failed', `when: ${when} -- ${said.failed}`);
  if (said && !said.holds) return out('rule', `when: ${when}`);
  return decideRollout(journey, rollout, event);
}

/** Where somebody stands between 0 and 100 in a journey; always the same, so that a higher percentage keeps who was in. */
export function percentileOf(journey: string, userId: string): number {
  const hash = createHash('sha256').update(`rollout/${journey}/${userId}`).digest();
  return (hash.readUInt32BE(0) / 2 ** 32) * 100;
}

function decideRollout(journey: string, rollout: number, { user_id }: FullEvent): Verdict {
  if (rollout >= 100 || percentileOf(journey, user_id) < rollout) return { enters: true };
  return out('rollout', `rollout is ${rollout} %, and this person is not among them`);
}

function out(because: KeptOut, why: string): Verdict {
  return { enters: false, because, why };
}

function inHours(ms: number): string {
  return `${Math.round(ms / 36_000) / 100} h`;
}

function asTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}
