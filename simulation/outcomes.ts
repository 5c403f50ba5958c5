import type { SendRequest, SendResult, Undeliverable } from '../activities/index.ts';
import type { Catalogue } from '../templates/catalogue.ts';
import { parseReference } from '../templates/reference.ts';
import type { Timeline } from './timeline.ts';
import type { Call } from './turn.ts';

const why = {
  no_address: () => 'no address is known',
  no_consent: (topic = '') => `no consent to ${topic}`,
  suppressed: () => 'the address is suppressed',
} as const satisfies Record<Undeliverable, (topic?: string) => string>;

/** Adds why an activity sent no email, if that is what it returned. An email that was sent is added by the fake sender. */
export function addOutcome(timeline: Timeline, catalogue: Catalogue, at: number, call: Call, value: unknown): void {
  if (call.type === 'checkConsent')
    return addUnsent(timeline, catalogue, at, call.args[0] as string, { outcome: value as Undeliverable });
  if (call.type === 'sendEmail' || call.type === 'sendEmailInline')
    addUnsent(timeline, catalogue, at, (call.args[0] as SendRequest).template, value as SendResult);
}

function addUnsent(
  timeline: Timeline,
  catalogue: Catalogue,
  at: number,
  reference: string,
  { outcome, until }: Pick<SendResult, 'outcome' | 'until'>,
): void {
  const template = parseReference(reference).name;
  if (outcome === 'deferred' && until !== undefined)
    timeline.add(at, { what: 'deferred', template, until, why: `its hours begin ${timeline.clock(until)}` });
  else if (Object.hasOwn(why, outcome))
    timeline.add(at, { what: 'no mail', template, why: why[outcome as Undeliverable](catalogue.get(template)?.topic) });
}
