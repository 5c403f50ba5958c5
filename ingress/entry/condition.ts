import type { ASTNode, Environment } from '@marcbachmann/cel-js';

import { typedEnvironment } from './cel-environments.ts';
import type { CelSchema } from './cel-schema.ts';
import { objectionTo } from './rule-guards.ts';
import { type CelError, mistakeOf, RuleMistake } from './rule-mistake.ts';
import { nameOf, within } from './rule-tree.ts';

/**
 * Parses a CEL expression over the variables of this schema and checks it against their types. Throws RuleMistake when it does not
 * parse, asks for a field that there is not, compares what cannot be compared, is no yes or no, or could take long. `absent`: what
 * a comparison with null is told.
 */
export function parseCondition(text: string, schema: CelSchema, absent: string): ASTNode {
  const typed = typedEnvironment(schema);
  const { valid, type: gives, error } = typed.check(text);
  if (!valid) throw mistakeOf(error as CelError, text, { typed, schema, absent });
  const { ast } = typed.parse(text);
  if (gives !== 'bool') throw new RuleMistake(`it gives a ${gives}, and must give true or false`, ast.range.start);
  const unknown = unknownInHas(ast, typed);
  if (unknown) throw mistakeOf(unknown, text, { typed, schema, absent });
  const objection = objectionTo(ast, typed, Object.keys(schema));
  if (objection) throw new RuleMistake(objection.why, objection.offset);
  return ast;
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
