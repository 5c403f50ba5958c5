import type { ASTNode } from '@marcbachmann/cel-js';

/** A call of what goes through a list, an entry at a time. */
export interface Loop {
  name: string;
  over: ASTNode;
  /** The variable first, then what is asked of each entry. */
  args: ASTNode[];
}

const loops = ['all', 'exists', 'exists_one', 'map', 'filter'];

/** The node and everything below it. */
export function* within(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const part of partsOf(node.args)) yield* within(part);
}

export function loopOf(node: ASTNode): Loop | undefined {
  if (node.op !== 'rcall' || !loops.includes(node.args[0])) return undefined;
  const [name, over, args] = node.args;
  return { name, over, args };
}

/** Of a call. */
export function nameOf(node: ASTNode): string | undefined {
  return node.op === 'call' || node.op === 'rcall' ? node.args[0] : undefined;
}

/** The words of the rule that a node was made of. */
export function wordsOf({ input, range }: ASTNode, from = range.start): string {
  return input.slice(from, range.end).replaceAll(/\s+/g, ' ');
}

function partsOf(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(partsOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}
