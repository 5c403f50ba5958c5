import type { ASTNode, Environment } from '@marcbachmann/cel-js';

import { loopOf, nameOf, within } from './rule-tree.ts';

export interface Objection {
  why: string;
  /** Where in the rule, from 0. */
  offset: number;
}

/** What the library takes and an expression over these variables may not have: what could take long, and what hides from checks. */
export function objectionTo(rule: ASTNode, typed: Environment, variables: readonly string[]): Objection | undefined {
  for (const node of within(rule)) {
    const why = couldTakeLong(node, typed) ?? hidesFromChecks(node, variables);
    if (why) return { why, offset: node.range.start };
  }
  return undefined;
}

/** A rule that is the same for everybody. */
export function objectionToConstant(rule: ASTNode): Objection | undefined {
  const asks = [...within(rule)].some((node) => isVariable(node, ['event', 'person']));
  return asks ? undefined : { why: sameForEverybody, offset: rule.range.start };
}

function couldTakeLong(node: ASTNode, typed: Environment): string | undefined {
  if (nameOf(node) === 'matches')
    return 'matches() can take for ever on the wrong text; use ==, in, startsWith(), endsWith() or contains()';
  if (nestsLoops(node))
    return 'a loop within another loop, or after a map(), can take very long; only filter() may come before another';
  if (node.op === '+' && node.args.some((side) => isList(side, typed)))
    return 'lists that are put together can grow very long; ask each of them on its own';
  return undefined;
}

/** After a filter() there is no more to go through than before it. */
function nestsLoops(node: ASTNode): boolean {
  const loop = loopOf(node);
  if (!loop) return false;
  const inside = loop.args.flatMap((arg) => [...within(arg)]).some((part) => loopOf(part));
  return inside || [...within(loop.over)].some((part) => (loopOf(part)?.name ?? 'filter') !== 'filter');
}

/** What has a variable of a loop in it has no type on its own, and no list in it either: entries hold none. */
function isList({ input, range }: ASTNode, typed: Environment): boolean {
  return typed.check(input.slice(range.start, range.end)).type?.startsWith('list') ?? false;
}

function hidesFromChecks(node: ASTNode, variables: readonly string[]): string | undefined {
  if (nameOf(node) === 'bind') return 'cel.bind() may not be used; write out what it stands for';
  if (nameOf(node) === 'dyn') return 'dyn() may not be used: a field or a type that is wrong would not be found';
  const [variable] = loopOf(node)?.args ?? [];
  if (variable && isVariable(variable, variables))
    return `the entries of a list need a name other than ${variable.args}`;
  return undefined;
}

const sameForEverybody =
  'it asks nothing of the event or the person, so it is the same for everybody; leave `when` out to let everybody in, or set enabled: false';

function isVariable(node: ASTNode, names: readonly string[]): node is ASTNode & { op: 'id'; args: string } {
  return node.op === 'id' && names.includes(node.args);
}
