import type { ASTNode } from '@marcbachmann/cel-js';

import { isList } from './cel-environments.ts';
import type { CelSchema, CelType } from './cel-schema.ts';
import { loopOf, within, wordsOf } from './rule-tree.ts';

/** Which fields there are instead of the one that `node` asks for. */
export function unknownField(node: ASTNode, rule: ASTNode, schema: CelSchema): string {
  const owner = node.op === '.' || node.op === '[]' ? typeAt(node.args[0], rule, schema) : undefined;
  const there = typeof owner === 'object' ? `; there are ${Object.keys(owner).join(', ') || 'none'}` : '';
  return `there is no ${wordsOf(node).replaceAll(' ', '')}${there}`;
}

function typeAt(node: ASTNode, rule: ASTNode, schema: CelSchema): CelType | undefined {
  if (node.op === 'id') return Object.hasOwn(schema, node.args) ? schema[node.args] : entryOf(node.args, rule, schema);
  const loop = loopOf(node);
  if (loop?.name === 'filter') return typeAt(loop.over, rule, schema);
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const owner = typeAt(node.args[0], rule, schema);
  if (owner === undefined || typeof owner === 'string') return undefined;
  if (isList(owner)) return owner[0];
  const field = typeof node.args[1] === 'string' ? node.args[1] : node.args[1].args;
  return typeof field === 'string' && Object.hasOwn(owner, field) ? owner[field] : undefined;
}

/** Of the list that gives this variable its values. */
function entryOf(variable: string, rule: ASTNode, schema: CelSchema): CelType | undefined {
  for (const node of within(rule)) {
    const loop = loopOf(node);
    if (loop?.args[0]?.args !== variable) continue;
    const list = typeAt(loop.over, rule, schema);
    return list !== undefined && isList(list) ? list[0] : undefined;
  }
  return undefined;
}
