import Handlebars from 'handlebars';

import type { CompiledVariant } from './compiled.ts';
import { lookingFrom, prefixes, resolve, type Scope, topScope, whereFound } from './needs-scope.ts';
import { helperNames } from './words.ts';

type Words = Pick<CompiledVariant, 'subject' | 'preheader' | 'html' | 'text'>;

/** Something that a template takes from its data. */
export interface Need {
  /** `event.order_id`, `event.items[].name`. A name that leads nowhere stands as it is written. */
  path: string;
  /** Without it the mail cannot be written: nothing around asks first whether it is there. */
  required: boolean;
  /** `{{#each}}` goes over it. */
  list: boolean;
  /** It is shown, or given to a helper: text, a number or yes and no, not an object. */
  shown: boolean;
  /** `{{#event.x}}`: a test, a loop or another `this`, as the value has it. */
  bare: boolean;
  part: keyof Words;
  /** In that part. */
  line: number;
  file?: string;
}

/** What one language of a template needs, each path once, in the order in which they are met. `file` goes into each need. */
export function needsOf(variant: Words, file?: string): Need[] {
  const needs = new Map<string, Need>();
  for (const part of ['subject', 'preheader', 'html', 'text'] as const) {
    const reading = new Reading((path, use, line) => {
      const known = needs.get(path);
      if (known) widen(known, use, { part, line });
      else needs.set(path, { path, ...noUse, ...use, part, line, ...(file !== undefined && { file }) });
    });
    reading.accept(Handlebars.parse(variant[part]));
  }
  return [...needs.values()];
}

type Use = Pick<Need, 'required' | 'list' | 'shown' | 'bare'>;
type Tell = (path: string, use: Partial<Use>, line: number) => void;

const noUse: Use = { required: false, list: false, shown: false, bare: false };

/** The place told is the first one that would fail. */
function widen(need: Need, use: Partial<Use>, place: Pick<Need, 'part' | 'line'>): void {
  if (use.required && !need.required) Object.assign(need, place);
  for (const key of ['required', 'list', 'shown', 'bare'] as const) need[key] ||= use[key] ?? false;
}

/** What these helpers are given may be missing; the others say that they were given nothing. */
const mayBeMissing = new Set(['if', 'unless', 'each', 'with', 'eq']);
/** A format has a default. */
const optionalHash = new Set(['style', 'includeZero']);

type Call = Pick<hbs.AST.SubExpression, 'params' | 'hash'> & { path: hbs.AST.Expression };

/** Goes through the syntax tree as Handlebars would run it, and tells what it looks up. */
class Reading extends Handlebars.Visitor {
  readonly #tell: Tell;
  #scope: Scope = topScope;
  #loops = 0;

  constructor(tell: Tell) {
    super();
    this.#tell = tell;
  }

  override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
    this.#value(statement, { required: true, shown: true });
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    const name = helperOf(block);
    const of = block.params[0];
    if (name !== undefined) this.#arguments(name, block);
    const path = of && isPath(of) ? resolve(of, this.#scope) : undefined;
    const scope = this.#scope;
    switch (name) {
      case 'if':
        return this.#branches(block, whereFound(scope, tested(of, scope)), scope);
      case 'unless':
        return this.#branches(block, scope, whereFound(scope, tested(of, scope)));
      case 'with':
        return this.#branches(block, inside(whereFound(scope, path), path, block.program), scope);
      case 'each': {
        const item = path === undefined ? undefined : `${path}[${(this.#loops += 1)}]`;
        const loop = inside(whereFound(scope, path), item, block.program);
        return this.#branches(block, { ...loop, loops: scope.loops + 1 }, scope);
      }
      case undefined:
        this.#use(resolve(block.path, scope), { required: true, bare: true }, block);
        return this.#branches(block, lookingFrom(scope, undefined, {}), scope);
      default:
        return this.#branches(block, scope, scope);
    }
  }

  /** The two halves of a block; `{{^if x}}` has the second one alone. */
  #branches({ program, inverse }: Partial<Pick<hbs.AST.BlockStatement, 'program' | 'inverse'>>, yes: Scope, no: Scope) {
    const before = this.#scope;
    for (const [half, scope] of [[program, yes] as const, [inverse, no] as const]) {
      this.#scope = scope;
      if (half) this.accept(half);
    }
    this.#scope = before;
  }

  /** A value that is shown or given to a helper. */
  #value(node: hbs.AST.Expression | Call, use: Partial<Use>): void {
    if (isPath(node)) return this.#use(resolve(node, this.#scope), use, node);
    if (!isCall(node)) return;
    const name = helperOf(node);
    if (name !== undefined) return this.#arguments(name, node);
    if (isPath(node.path)) return this.#use(resolve(node.path, this.#scope), use, node.path);
    // `{{"a name"}}` and `{{12}}` look up a field of that name.
    const { original, loc } = node.path as hbs.AST.StringLiteral | hbs.AST.NumberLiteral;
    this.#tell(String(original), use, loc.start.line);
  }

  #arguments(name: string, { params, hash }: Call): void {
    const required = !mayBeMissing.has(name);
    const shown = required || name === 'eq';
    for (const [index, param] of params.entries()) {
      this.#value(param, { required, shown, list: name === 'each' && index === 0 });
    }
    for (const { key, value } of hash?.pairs ?? []) {
      this.#value(value, { required: required && !optionalHash.has(key), shown: true });
    }
  }

  /** A path, and the objects on the way to it: where one of those is missing, even a test of what lies in it fails. */
  #use(path: string | undefined, use: Partial<Use>, { loc }: hbs.AST.Node): void {
    if (path === undefined) return;
    const { found } = this.#scope;
    for (const parent of prefixes(path)) {
      this.#tell(unnumbered(parent), { required: !found.has(parent) }, loc.start.line);
    }
    this.#tell(unnumbered(path), { ...use, required: use.required === true && !found.has(path) }, loc.start.line);
  }
}

function inside(scope: Scope, context: string | undefined, program: hbs.AST.Program | undefined): Scope {
  const [value, index] = program?.blockParams ?? [];
  const names = {
    ...(value !== undefined && { [value]: context }),
    ...(index !== undefined && { [index]: undefined }),
  };
  // Handlebars counts `{{#with this}}` as no step: `../` means the same inside.
  return context !== undefined && context === scope.contexts.at(-1)
    ? { ...scope, blockParams: { ...scope.blockParams, ...names } }
    : lookingFrom(scope, context, names);
}

/** What is sure to be there once this test has passed: `event.plan`, or `(eq event.plan "pro")`. */
function tested(test: hbs.AST.Expression | undefined, scope: Scope): string | undefined {
  if (!test) return undefined;
  if (isPath(test)) return resolve(test, scope);
  if (!isCall(test) || helperOf(test) !== 'eq') return undefined;
  const path = test.params.find(isPath);
  const literal = test.params.some(({ type }) => /^(?:String|Number|Boolean)Literal$/.test(type));
  return path && literal ? resolve(path, scope) : undefined;
}

/** The helper that is called, if it is one: any other name is looked up. */
function helperOf({ path }: Call): string | undefined {
  if (!isPath(path) || path.data || path.depth > 0 || path.parts.length !== 1) return undefined;
  const { original } = path;
  return helperNames.includes(original) ? original : undefined;
}

function isPath(node: object): node is hbs.AST.PathExpression {
  return (node as hbs.AST.Node).type === 'PathExpression';
}

function isCall(node: object): node is Call {
  return 'params' in node;
}

function unnumbered(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '[]');
}
