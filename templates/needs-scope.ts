/**
 * Where a name of a template is looked up, and what is sure to be there. Paths look like `event.items[3].name`: each loop has
 * a number of its own, so that the name of one item does not stand for that of another.
 */
export interface Scope {
  /** What `this` is, the innermost last. Undefined: nobody can tell before there is data. */
  contexts: readonly (string | undefined)[];
  /** Names after `as`, to what they stand for. Undefined: an index. */
  blockParams: Readonly<Record<string, string | undefined>>;
  /** How many loops are around. */
  loops: number;
  /** Paths that some `{{#if}}`, `{{#each}}` or `{{#with}}` around has found. */
  found: ReadonlySet<string>;
}

export const topScope: Scope = { contexts: [''], blockParams: {}, loops: 0, found: new Set() };

/** Links that a mail has both of or none. */
const together = ['links.unsubscribe', 'links.preferences'];

const loopVariables = new Set(['index', 'key', 'first', 'last']);

/** What a path stands for. Undefined: nothing of the data. A name that leads nowhere comes back as it is written. */
export function resolve(path: hbs.AST.PathExpression, scope: Scope): string | undefined {
  const [head = '', ...rest] = path.parts;
  if (path.data) {
    if (head === 'root') return rest.length > 0 ? rest.join('.') : 'this';
    return loopVariables.has(head) && path.depth < scope.loops ? undefined : path.original;
  }
  const scoped = /^(?:\.|this\b)/.test(path.original);
  if (path.depth === 0 && !scoped && Object.hasOwn(scope.blockParams, head)) {
    return below(scope.blockParams[head], rest);
  }
  const at = scope.contexts.length - 1 - path.depth;
  return at < 0 ? path.original : below(scope.contexts[at], path.parts);
}

function below(base: string | undefined, parts: readonly string[]): string | undefined {
  if (base === undefined) return undefined;
  return [base, ...parts].filter((part) => part !== '').join('.') || 'this';
}

/** Inside a block that is shown only where this path has a value. */
export function whereFound(scope: Scope, path: string | undefined): Scope {
  if (path === undefined) return scope;
  const also = together.includes(path) ? together : [];
  return { ...scope, found: new Set([...scope.found, ...also, ...prefixes(path), path]) };
}

/** Inside a block that looks from another place. */
export function lookingFrom(scope: Scope, context: string | undefined, names: Scope['blockParams']): Scope {
  return { ...scope, contexts: [...scope.contexts, context], blockParams: { ...scope.blockParams, ...names } };
}

/** The objects on the way to a path, the outermost first: `event.order.items[1].name` -> `event.order`. */
export function prefixes(path: string): string[] {
  if (/^[.@]/.test(path)) return []; // leads nowhere
  const parts = path.split('.');
  return parts
    .slice(1, -1)
    .map((part, index) => ({ part, whole: parts.slice(0, index + 2).join('.') }))
    .filter(({ part }) => !part.endsWith(']')) // an item of a list is there, or its loop is not run
    .map(({ whole }) => whole);
}
