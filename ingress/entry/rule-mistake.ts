import type { ASTNode, Environment } from '@marcbachmann/cel-js';

import { limits } from './cel-environments.ts';
import type { CelSchema } from './cel-schema.ts';
import { wordsOf } from './rule-tree.ts';
import { unknownField } from './unknown-field.ts';

/** A rule that may not be used, and what would be right. */
export class RuleMistake extends Error {
  override readonly name = 'RuleMistake';
  /** Where in the rule, from 0; the message counts from 1. */
  readonly offset?: number;

  constructor(what: string, offset?: number) {
    super(offset === undefined ? what : `at character ${offset + 1}: ${what}`);
    if (offset !== undefined) this.offset = offset;
  }
}

/** What the library's errors have. Those of the language itself, such as of an unknown time zone, have none of it. */
export interface CelError extends Error {
  code?: string;
  summary?: string;
  node?: ASTNode;
  range?: { start: number; end: number };
}

/** What an expression may ask, and what a comparison with null is told. */
export interface Asked {
  typed: Environment;
  schema: CelSchema;
  absent: string;
}

/** Of an error that was found by reading the rule. */
export function mistakeOf(error: CelError, text: string, asked: Asked): RuleMistake {
  return new RuleMistake(whatIsWrong(error, text, asked), error.range?.start);
}

function whatIsWrong(error: CelError, text: string, { typed, schema, absent }: Asked): string {
  const { code, summary = error.message, node } = error;
  if (code === 'no_such_key' && node?.op) return unknownField(node, typed.parse(text).ast, schema);
  if (code === 'unknown_variable') return `${summary}; there are ${allOf(Object.keys(schema))}`;
  if (summary.startsWith('List elements must')) return `${summary}; beside 49.5 write 25.0 and not 25`;
  if (/[!=]= null$/.test(summary)) return `${summary}; ${absent}`;
  return tooMuch(summary) ?? summary;
}

function allOf(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].join(' and ');
}

function tooMuch(summary: string): string | undefined {
  const [, limit] = /^Exceeded (\w+)/.exec(summary) ?? [];
  switch (limit) {
    case 'maxAstNodes':
      return `it is too long: ${limits.maxAstNodes} names, values and signs are the most`;
    case 'maxDepth':
      return `it goes too deep: ${limits.maxDepth} levels are the most`;
    case 'maxListElements':
      return `the list is too long: ${limits.maxListElements} entries are the most`;
    default:
      return undefined;
  }
}

/** Of an error that an event or a person met. It quotes the rule and never a value: it is kept, and shown to many. */
export function failureOf({ code = '', node }: CelError): string {
  if (!node?.op) return 'it cannot be worked out for this event and person';
  const words = wordsOf(node);
  if (code === 'no_such_key' && node.op === '.')
    return `${words} is not known here; ask first, as in has(${words}) && …`;
  if (code === 'no_such_key' && node.op === '[]')
    return `${words} is not known here; ask first, as in ${wordsOf(node.args[1])} in ${wordsOf(node.args[0])} && …`;
  return `${words} cannot be worked out here (${code.replaceAll('_', ' ')})`;
}
