import type { ASTNode } from '@marcbachmann/cel-js';

import type { EventType } from '../../events/index.ts';
import { routes } from '../routes.ts';
import type { Objection } from './rule-guards.ts';
import { within, wordsOf } from './rule-tree.ts';

/** A comparison of `event.type` with a text that can only end in one way: with a slip in it, nobody would ever enter. */
export function objectionToType(rule: ASTNode, type: EventType): Objection | undefined {
  const starting = typesStartingAsDoes(type);
  for (const node of within(rule)) {
    const text = comparedWithType(node);
    const only = starting.length === 1 && text === starting[0];
    if (text === undefined || (!only && starting.includes(text))) continue;
    const holds = only === (node.op === '==') ? 'always' : 'never';
    const why = `${wordsOf(node)} is ${holds} true: what starts this journey is ${starting.join(' or ')}`;
    return { why: starting.length === 1 ? `${why} alone; leave it out` : why, offset: node.range.start };
  }
  return undefined;
}

/** The types of the events that start the journey which this one starts. */
function typesStartingAsDoes(type: EventType): readonly string[] {
  const journey = routes[type]?.starts;
  const types = Object.entries(routes).flatMap(([other, { starts }]) => (starts === journey ? [other] : []));
  return types.length > 0 ? types : [type];
}

/** The text that `event.type` is compared with, on either side. */
function comparedWithType(node: ASTNode): string | undefined {
  if (node.op !== '==' && node.op !== '!=') return undefined;
  const [left, right] = node.args;
  const other = isEventType(left) ? right : isEventType(right) ? left : undefined;
  return other?.op === 'value' && typeof other.args === 'string' ? other.args : undefined;
}

function isEventType(node: ASTNode): boolean {
  return ['event.type', 'event["type"]', "event['type']"].includes(wordsOf(node).replaceAll(' ', ''));
}
