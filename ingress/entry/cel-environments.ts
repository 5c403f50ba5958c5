import { Environment } from '@marcbachmann/cel-js';

import type { CelSchema, CelType } from './cel-schema.ts';

export const limits = { maxAstNodes: 200, maxDepth: 12, maxListElements: 100 };

/** Knows the type of every field, so that a mistake is found when a rule is saved. */
export function typedEnvironment(schema: CelSchema): Environment {
  const environment = withMixedNumbers();
  // Only here: where types are not known, the library takes `in` itself, and cannot choose between its own and this one.
  environment.registerOperator('double in list<int>', (a: number, list: bigint[]) => list.some((b) => a === Number(b)));
  for (const [name, type] of Object.entries(schema)) {
    const declared = declare(environment, name, type);
    if (typeof declared === 'string') environment.registerVariable(name, declared);
    else environment.registerVariable({ name, schema: declared });
  }
  return environment;
}

/** Takes values as they are. The library would refuse plain objects where a list of a declared type is indexed. */
export function untypedEnvironment(names: string[]): Environment {
  const environment = withMixedNumbers();
  for (const name of names) environment.registerVariable(name, 'dyn');
  return environment;
}

/** `total == 20` and `1 + total` mean what they say: CEL itself keeps whole numbers and others apart. */
function withMixedNumbers(): Environment {
  const environment = new Environment({ limits });
  environment.registerOperator('double == int', (a: number, b: bigint) => a === Number(b));
  const sums = {
    '+': (a: number, b: number) => a + b,
    '-': (a: number, b: number) => a - b,
    '*': (a: number, b: number) => a * b,
    '/': (a: number, b: number) => a / b,
  };
  for (const [sign, sum] of Object.entries(sums)) {
    environment.registerOperator(`double ${sign} int: double`, (a: number, b: bigint) => sum(a, Number(b)));
    // Without a type of its own it would count as the type of its left side, and 1 + 25.0 would never equal 26.
    environment.registerOperator(`int ${sign} double: double`, (a: bigint, b: number) => sum(Number(a), b));
  }
  return environment;
}

type Declared = string | { [field: string]: Declared };

/** In the library's own form, in which the entries of a list need a type with a name. */
function declare(environment: Environment, name: string, type: CelType): Declared {
  if (typeof type === 'string') return type;
  if (!isList(type))
    return Object.fromEntries(
      Object.entries(type).map(([field, of]) => [field, declare(environment, `${name}_${field}`, of)]),
    );
  const entry = declare(environment, `${name}_entry`, type[0]);
  if (typeof entry === 'string') return `list<${entry}>`;
  environment.registerType({ name: `${name}_entry`, schema: entry });
  return `list<${name}_entry>`;
}

export function isList(type: CelType): type is readonly [CelType] {
  return Array.isArray(type);
}
