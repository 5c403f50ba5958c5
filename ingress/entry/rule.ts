import type { EventType, FullEvent } from '../../events/index.ts';
import { untypedEnvironment } from './cel-environments.ts';
import { ruleSchema } from './cel-schema.ts';
import { parseCondition } from './condition.ts';
import { objectionToConstant } from './rule-guards.ts';
import { type CelError, failureOf, RuleMistake } from './rule-mistake.ts';
import { objectionToType } from './type-guard.ts';

export { RuleMistake };

/** What a rule may know of somebody. */
export type PersonNow = { [Field in 'locale' | 'time_zone' | 'country' | 'plan']?: string | undefined };

/** Whether it holds. `now`: when the event is taken in, Unix ms; `failed`: a sentence why that cannot be told, which counts as no. */
export type Rule = (event: FullEvent, person: PersonNow, now: number) => { holds: boolean } | { failed: string };

/**
 * Makes a rule of a CEL expression over `event`, `person` and `now`. Throws RuleMistake when it does not parse, asks for a field
 * that there is not, compares what cannot be compared, is no yes or no, asks for a type of event that
 * cannot be otherwise, or could take long.
 */
export function compileRule(text: string, type: EventType): Rule {
  refuseMistakes(text, type);
  const rule = untypedEnvironment(['event', 'person', 'now']).parse(text);
  return (event, person, now) => {
    try {
      return { holds: rule({ event: seen(event), person: withoutNulls(person), now: new Date(now) }) === true };
    } catch (error) {
      return { failed: failureOf(error as CelError) };
    }
  };
}

function refuseMistakes(text: string, type: EventType): void {
  const rule = parseCondition(text, ruleSchema(type), absent);
  const objection = objectionToConstant(rule) ?? objectionToType(rule, type);
  if (objection) throw new RuleMistake(objection.why, objection.offset);
}

const absent = 'what is absent is not null: ask has(), as in !has(person.country)';

/** CEL knows times as Date, and no null. */
function seen({ event_type, timestamp, payload, metadata = {} }: FullEvent) {
  return {
    type: event_type,
    timestamp: new Date(timestamp),
    payload: withoutNulls(payload),
    metadata: short(metadata),
  };
}

function withoutNulls(value: object): object {
  return JSON.parse(JSON.stringify(value, (_, field: unknown) => field ?? undefined)) as object;
}

/**
 * Metadata may fill an event, and a loop that looks at all of it for each entry takes seconds: a rule sees no more than
 * 100 fields, and none of more than 1,000 characters. The schema of the payload has bounds of its own.
 */
function short(metadata: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata)
      .filter(([, text]) => text.length <= 1000)
      .slice(0, 100),
  );
}
