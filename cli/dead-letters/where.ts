import type { ASTNode } from '@marcbachmann/cel-js';

import { untypedEnvironment } from '../../ingress/entry/cel-environments.ts';
import type { CelSchema } from '../../ingress/entry/cel-schema.ts';
import { parseCondition } from '../../ingress/entry/condition.ts';
import { type CelError, failureOf, RuleMistake } from '../../ingress/entry/rule-mistake.ts';
import { within } from '../../ingress/entry/rule-tree.ts';
import { deadLetterReasons } from '../../ingress/dead-letter.ts';
import { orNearest } from '../../templates/or-nearest.ts';
import { WrongUse } from '../wrong-use.ts';
import type { Letter } from './letter.ts';

/** What `--where` can ask of a letter, as --help shows it. */
export const whereHelp = `
--where takes a CEL expression over
  reason, type, user, event_id, error   text; empty where the event is unreadable
  time, now                             when the letter was written, and the current time
  seq, replays                          its number in the list, and how often it was replayed
such as  reason == "invalid_payload" && type.startsWith("order.") && time > now - duration("24h")`;

/**
 * CEL has a constant `type`, which no variable can replace. In the expression that is compiled, the variable has this name: it is as
 * long, so that every place in the text stays what it is.
 */
const typeVariable = 'tYpe';

const schema: CelSchema = {
  reason: 'string',
  [typeVariable]: 'string',
  user: 'string',
  event_id: 'string',
  error: 'string',
  time: 'google.protobuf.Timestamp',
  now: 'google.protobuf.Timestamp',
  seq: 'int',
  replays: 'int',
};

/** Compiles a filter of letters. Throws WrongUse that says what is wrong with it and where; so does a filter that fails for a letter. */
export function compileWhere(text: string): (letter: Letter) => boolean {
  const condition = withTypeRenamed(text);
  refuseMistakes(condition);
  const holds = untypedEnvironment(Object.keys(schema)).parse(condition);
  const now = new Date();
  return ({ reason, type, user, eventId: event_id, error, at, seq, replays }) => {
    const texts = { reason, [typeVariable]: type, user, event_id, error };
    try {
      return holds({ ...texts, time: new Date(at), now, seq: BigInt(seq), replays: BigInt(replays) }) === true;
    } catch (failure) {
      const why = withTypeNamed(failureOf(failure as CelError));
      throw new WrongUse(`--where fails for dead letter ${seq}: ${why}. Nothing was done.`);
    }
  };
}

function withTypeRenamed(text: string): string {
  try {
    let renamed = text;
    for (const { op, args, range } of within(untypedEnvironment([]).parse(text).ast)) {
      if (op !== 'id' || args !== 'type') continue;
      renamed = `${renamed.slice(0, range.start)}${typeVariable}${renamed.slice(range.start + typeVariable.length)}`;
    }
    return renamed;
  } catch {
    return text; // does not parse: what is wrong with it is said later
  }
}

function withTypeNamed(message: string): string {
  return message.replaceAll(typeVariable, 'type');
}

function refuseMistakes(text: string): void {
  try {
    const condition = parseCondition(text, schema, 'what is unreadable is empty: compare with ""');
    refuseUnknownReasons(condition);
  } catch (error) {
    if (!(error instanceof RuleMistake)) throw error;
    throw new WrongUse(`--where, ${withTypeNamed(error.message)}`);
  }
}

/** A mistyped reason would match nothing, and no one would notice. */
function refuseUnknownReasons(condition: ASTNode): void {
  for (const node of within(condition)) {
    for (const value of comparedWithReason(node)) {
      if (typeof value.args !== 'string' || (deadLetterReasons as readonly string[]).includes(value.args)) continue;
      const known = orNearest(value.args, deadLetterReasons);
      throw new RuleMistake(`there is no reason "${value.args}"; ${known}`, value.range.start);
    }
  }
}

function comparedWithReason(node: ASTNode): (ASTNode & { op: 'value' })[] {
  if (node.op !== '==' && node.op !== '!=' && node.op !== 'in') return [];
  const [left, right] = node.args;
  const values = isReason(left) ? [right] : isReason(right) ? [left] : [];
  return values.flatMap((value) => [...within(value)]).filter((part) => part.op === 'value');
}

function isReason(node: ASTNode): boolean {
  return node.op === 'id' && node.args === 'reason';
}
