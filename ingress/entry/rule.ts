import type { ASTNode, Environment } from '@marcbachmann/cel-js';

import type { EventType, FullEvent } from '../../events/index.ts';
import { typedEnvironment, untypedEnvironment } from './cel-environments.ts';
import { ruleSchema } from './cel-schema.ts';
import { objectionTo } from './rule-guards.ts';
import { type CelError, failureOf, mistakeOf, RuleMistake } from './rule-mistake.ts';
import { nameOf, within } from './rule-tree.ts';
import { objectionToType } from './type-guard.ts';

export { RuleMistake };

/** What a rule may know of somebody. */
export type PersonNow = { locale?: string; time_zone?: string; country?: string; plan?: string };

/** Whether it holds; `failed`: a sentence why that cannot be told, which counts as no. */
export type Rule = (event: FullEvent, person: PersonNow) => { holds: boolean } | { failed: string };

/**
 * Makes a rule of a CEL expression over `event` and `person`. Throws RuleMistake when it does not parse, asks for a field
 * that there is not, compares what cannot be compared, is no yes or no, asks for a type of event that
 * cannot be otherwise, or could take long.
 */
export function compileRule(text: string, type: EventType): Rule {
  refuseMistakes(text, type);
  const rule = untypedEnvironment(['event', 'person']).parse(text);
  return (event, person) => {
    try {
      return { holds: rule({ event: seen(event), person: withoutNulls(person) }) === true };
    } catch (error) {
      return { failed: failureOf(error as CelError) };
    }
  };
}

function refuseMistakes(text: string, type: EventType): void {
  const schema = ruleSchema(type);
  const typed = typedEnvironment(schema);
  const { valid, type: gives, error } = typed.check(text);
  if (!valid) throw mistakeOf(error as CelError, text, typed, schema);
  const { ast } = typed.parse(text);
  if (gives !== 'bool') throw new RuleMistake(`it gives a ${gives}, and must give true or false`, ast.range.start);
  const unknown = unknownInHas(ast, typed);
  if (unknown) throw mistakeOf(unknown, text, typed, schema);
  const objection = objectionTo(ast, typed) ?? objectionToType(ast, type);
  if (objection) throw new RuleMistake(objection.why, objection.offset);
}

/**
 * The library does not look at the field in has(), and with a slip of the pen in it a rule is never true. It does look
 * into dyn(), which is as long, so that what it finds stands at the same place.
 */
function unknownInHas(rule: ASTNode, typed: Environment): CelError | undefined {
  let text = rule.input;
  for (const node of within(rule)) {
    if (nameOf(node) !== 'has') continue;
    const { start } = node.range;
    text = `${text.slice(0, start)}dyn${text.slice(start + 'has'.length)}`;
  }
  const { error } = typed.check(text);
  return (error as CelError | undefined)?.code === 'no_such_key' ? (error as CelError) : undefined;
}

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
