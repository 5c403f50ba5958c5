import { Environment } from '@marcbachmann/cel-js';

import { type Event, type EventType } from '../../events/index.ts';
import { type CelSchema, eventSchema, personSchema } from './cel-schema.ts';
import { objectionTo } from './rule-guards.ts';

/** What a rule may know of somebody. */
export type PersonNow = { locale?: string; time_zone?: string; country?: string; plan?: string };

/** Whether it holds; `failed`: a sentence why that cannot be told, which counts as no. */
export type Rule = (event: Event, person: PersonNow) => { holds: boolean } | { failed: string };

/** A rule that may not be used, and what would be right. */
export class RuleMistake extends Error {
  override readonly name = 'RuleMistake';
}

const limits = { maxAstNodes: 200, maxDepth: 12, maxListElements: 100 };

/**
 * Makes a rule of a CEL expression over `event` and `person`. Throws RuleMistake when it does not parse, asks for a field
 * that there is not, compares what cannot be compared, is no yes or no, or could take long.
 */
export function compileRule(text: string, type: EventType): Rule {
  const environment = environmentFor(type);
  const { valid, type: gives, error } = environment.check(text);
  if (!valid) throw mistake(error as CelError, text, { event: eventSchema(type), person: personSchema });
  if (gives !== 'bool') throw new RuleMistake(`it gives a ${gives}, and must give true or false`);
  const rule = environment.parse(text);
  const objection = objectionTo(rule.ast);
  if (objection) throw new RuleMistake(objection);
  return (event, person) => {
    try {
      return { holds: rule({ event: seen(event), person }) === true };
    } catch (error) {
      return { failed: told(error as CelError) };
    }
  };
}

interface CelError extends Error {
  code: string;
  summary: string;
  range?: { start: number; end: number };
}

function environmentFor(type: EventType): Environment {
  const environment = new Environment({ limits })
    .registerVariable({ name: 'event', schema: eventSchema(type) })
    .registerVariable({ name: 'person', schema: personSchema });
  // `total == 20` and `total in [20, 30]` mean what they say: CEL itself keeps whole numbers and others apart.
  environment.registerOperator('double == int', (a: number, b: bigint) => a === Number(b));
  environment.registerOperator('double in list<int>', (a: number, list: bigint[]) => list.some((b) => a === Number(b)));
  const sums = {
    '+': (a: number, b: number) => a + b,
    '-': (a: number, b: number) => a - b,
    '*': (a: number, b: number) => a * b,
    '/': (a: number, b: number) => a / b,
  };
  for (const [sign, sum] of Object.entries(sums)) {
    environment.registerOperator(`double ${sign} int`, (a: number, b: bigint) => sum(a, Number(b)));
    environment.registerOperator(`int ${sign} double`, (a: bigint, b: number) => sum(Number(a), b));
  }
  return environment;
}

/** CEL knows times as Date, and no null. */
function seen({ event_type, timestamp, payload, metadata = {} }: Event) {
  return { type: event_type, timestamp: new Date(timestamp), payload: withoutNulls(payload), metadata };
}

function withoutNulls(value: object): object {
  return JSON.parse(JSON.stringify(value, (_, field: unknown) => field ?? undefined)) as object;
}

function mistake({ summary, code, range }: CelError, text: string, schemas: CelSchema): RuleMistake {
  const where = range ? ` at character ${range.start + 1}` : '';
  if (code === 'no_such_key' && range) return new RuleMistake(`${missingField(text, range, schemas)}${where}`);
  if (code === 'unknown_variable') return new RuleMistake(`${summary}${where}; there are event and person`);
  return new RuleMistake(`${summary}${where}`);
}

/** Which fields there are instead, by the path that stands before the unknown one. */
function missingField(text: string, range: { start: number; end: number }, schemas: CelSchema): string {
  const [path = ''] = /[\w.]*$/.exec(text.slice(0, range.end)) ?? [];
  let fields: string | CelSchema | undefined = schemas;
  for (const part of path.split('.').slice(0, -1)) fields = typeof fields === 'object' ? fields[part] : undefined;
  const there = typeof fields === 'object' ? `; there are ${Object.keys(fields).join(', ') || 'none'}` : '';
  return `there is no ${path}${there}`;
}

function told({ code, summary, message }: CelError): string {
  const [, key] = /^No such key: (\w+)$/.exec(summary ?? '') ?? [];
  if (code !== 'no_such_key' || key === undefined) return summary ?? message;
  return `${key} is not known here; ask first, as in has(person.country) && person.country == "DE"`;
}
