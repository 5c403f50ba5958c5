import type { Event, EventType, FullPayload } from '../events/index.ts';
import type { TemplateNeeds } from './variables.ts';

/**
 * The types of event that a template can be sent for: those whose payload has all that it needs, personal fields included, since
 * they are joined when the email is rendered. One of several templates needs what each of them needs.
 */
export type EventTypeFor<Name extends string> = {
  [T in EventType]: FullPayload<T> extends NeedsOf<Name> ? T : never;
}[EventType];

/** An event of such a type, as a journey has it. */
export type EventFor<Name extends string> = Event<EventTypeFor<Name>>;

/** What the payload has to hold for each of these templates. */
export type NeedsOf<Name extends string> = AllOf<Name extends keyof TemplateNeeds ? TemplateNeeds[Name] : object>;

type AllOf<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;
