import type { ASTNode } from '@marcbachmann/cel-js';

/** Walk through a list, an entry at a time. */
const loops = ['all', 'exists', 'exists_one', 'map', 'filter'];

/** What the library takes and a rule may not have. Undefined when there is nothing of the kind. */
export function objectionTo(rule: ASTNode): string | undefined {
  const nodes = [...within(rule)];
  if (nodes.some((node) => nameOf(node) === 'matches'))
    return 'matches() can take for ever on the wrong text; use ==, in, startsWith(), endsWith() or contains()';
  if (nodes.filter(isLoop).some((one) => [...within(one)].some((node) => node !== one && isLoop(node))))
    return 'a loop within another loop can take very long; one is the most';
  if (!nodes.some((node) => node.op === 'id' && (node.args === 'event' || node.args === 'person')))
    return 'it asks nothing of the event or the person, so it is the same for everybody; leave `when` out to let everybody in, or set enabled: false';
  return undefined;
}

function isLoop(node: ASTNode): boolean {
  return loops.includes(nameOf(node) ?? '');
}

/** Of a call. */
function nameOf(node: ASTNode): string | undefined {
  return node.op === 'call' || node.op === 'rcall' ? node.args[0] : undefined;
}

/** The node and everything below it. */
function* within(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const part of partsOf(node.args)) yield* within(part);
}

function partsOf(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(partsOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}
