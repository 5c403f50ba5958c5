import { randomUUID } from 'node:crypto';

import { type EventType, eventTypes } from '../events/index.ts';
import { WrongUse } from './wrong-use.ts';

export interface EventOptions {
  user?: string;
  email?: string;
  name?: string;
  locale?: string;
  timeZone?: string;
  country?: string;
  id?: string;
  set: string[];
  /** Topics consented to. Undefined: those that a person signing up at the command line is taken to have ticked. */
  consent?: string[] | false;
}

/** The consent that comes with --email unless something else is said: else a first try would rightly mail nobody. */
export const defaultTopics = ['onboarding', 'offers'];

/** Makes an event from command-line options. Throws WrongUse that names the option. */
export function composeEvent(type: string, options: EventOptions): Record<string, unknown> {
  if (!Object.hasOwn(eventTypes, type)) {
    throw new WrongUse(`"${type}" is no event type. There are: ${Object.keys(eventTypes).join(', ')}`);
  }
  if (!options.user) throw new WrongUse('Say whose event it is: --user u_1');
  const { email, name, locale, timeZone: time_zone, country } = options;
  const contact = withoutUndefined({ email, name, locale, time_zone, country });
  const consent = consentBlock(options);
  return {
    event_id: options.id ?? randomUUID(),
    event_type: type,
    user_id: options.user,
    timestamp: Date.now(),
    payload: {
      ...assignments(type as EventType, options.set),
      ...(Object.keys(contact).length > 0 && { contact }),
      ...(consent && { consent }),
    },
    metadata: { source: 'rivulet publish' },
  };
}

function consentBlock({ consent, email }: EventOptions) {
  const topics = consent ?? (email === undefined ? false : defaultTopics);
  if (topics === false) return undefined;
  return { topics, source: 'rivulet publish', wording: 'given on the command line', captured_at: Date.now() };
}

/** `plan=pro`, `total=12.5`, `items=[{...}]`: JSON where the event's schema takes it so, else text. */
function assignments(type: EventType, pairs: string[]): Record<string, unknown> {
  const shape = eventTypes[type].shape as Record<string, { safeParse(value: unknown): { success: boolean } }>;
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, field, text] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
      if (field === undefined || text === undefined) throw new WrongUse(`--set takes field=value, not "${pair}"`);
      const parsed = json(text);
      const asText = shape[field]?.safeParse(text).success ?? parsed === undefined;
      return [field, asText ? text : (parsed ?? text)];
    }),
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withoutUndefined(fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined),
  );
}
