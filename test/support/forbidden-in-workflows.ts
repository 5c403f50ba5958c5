import ts from 'typescript';

const machines = 'the zone of the machine: use workflows/lib/local-time.ts';
const zone = 'it knows the zone of the machine alone: use workflows/lib/local-time.ts';
const language = 'it goes by the language data of the machine: write it in a template';

/** What reads the zone or the language of the machine, each with what to use in its place. */
const methods: Record<string, string> = {
  ...everyOne('getHours getMinutes getDate getDay getMonth getFullYear getTimezoneOffset', zone),
  ...everyOne('setHours setMinutes setDate setMonth setFullYear toDateString toTimeString', zone),
  ...everyOne('toLocaleString toLocaleDateString toLocaleTimeString', language),
  ...everyOne('toLocaleUpperCase toLocaleLowerCase localeCompare', language),
};

/** What a linter cannot say of workflow code: each place that may do something else when it is lived through again. */
export function forbiddenIn(file: string, source: string): string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    const what = wrongWith(node);
    if (what !== undefined)
      found.push(`${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`);
    ts.forEachChild(node, look);
  };
  look(tree);
  return found;
}

function wrongWith(node: ts.Node): string | undefined {
  const name = memberOf(node);
  if (name !== undefined && Object.hasOwn(methods, name)) return `${name}: ${methods[name]}`;
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) return wrongDate(node);
  if (
    ts.isVariableStatement(node) &&
    ts.isSourceFile(node.parent) &&
    !(node.declarationList.flags & ts.NodeFlags.Const)
  )
    return 'let at the top: it looks as if all runs shared it, and each has its own; keep it in the function';
  return undefined;
}

/** The name in `date.getHours` and in `date['getHours']`. */
function memberOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression))
    return node.argumentExpression.text;
  return undefined;
}

function wrongDate(node: ts.CallExpression | ts.NewExpression): string | undefined {
  const called = node.expression.getText();
  if (called !== 'Date' && called !== 'Date.parse') return undefined;
  if (called === 'Date' && ts.isCallExpression(node)) return `Date(): it writes the time in ${machines}`;
  const [first, ...more] = node.arguments ?? [];
  if (more.length > 0) return `new Date(year, month, …): it is in ${machines}`;
  if (first && ts.isStringLiteralLike(first) && /:\d\d(\.\d+)?$/.test(first.text) && !/[+-]\d\d:\d\d$/.test(first.text))
    return `a date without its zone, "${first.text}": it is in ${machines}, or write its zone, as in 2026-12-24T18:00Z`;
  return undefined;
}

function everyOne(names: string, what: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [name, what]));
}
