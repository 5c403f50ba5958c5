import ts from 'typescript';

import { datesIn, isDate } from './dates-in-code.ts';

const machines = 'the zone of the machine: use workflows/lib/local-time.ts';
const zone = 'it knows the zone of the machine alone: use workflows/lib/local-time.ts';
const language = 'it goes by the language data of the machine: write it in a template';
const replay = 'it tells a replay from the first time, and what goes by that differs: leave it to the SDK';
const asText = `a Date as text: it is in ${machines}, or write toISOString()`;

/** What reads the zone or the language of the machine, or whether this is a replay, each with what to do in its place. */
const members: Record<string, string> = {
  ...everyOne('getHours getMinutes getSeconds getMilliseconds getDate getDay getMonth getFullYear getYear', zone),
  ...everyOne('setHours setMinutes setSeconds setMilliseconds setDate setMonth setFullYear setYear', zone),
  ...everyOne('getTimezoneOffset toDateString toTimeString', zone),
  ...everyOne('toLocaleString toLocaleDateString toLocaleTimeString', language),
  ...everyOne('toLocaleUpperCase toLocaleLowerCase localeCompare', language),
  ...everyOne('unsafe', replay),
};

/** What a linter cannot say of workflow code: each place that may do something else when it is lived through again. */
export function forbiddenIn(file: string, source: string): string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const dates = datesIn(tree);
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    const what = wrongWith(node, dates);
    if (what !== undefined)
      found.push(`${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`);
    ts.forEachChild(node, look);
  };
  look(tree);
  return found;
}

function wrongWith(node: ts.Node, dates: ReadonlySet<string>): string | undefined {
  const name = memberOf(node);
  if (name !== undefined && Object.hasOwn(members, name)) return `${name}: ${members[name]}`;
  if (writesDate(node, (part) => isDate(part, dates))) return asText;
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) return wrongDate(node);
  if (
    ts.isVariableStatement(node) &&
    ts.isSourceFile(node.parent) &&
    !(node.declarationList.flags & ts.NodeFlags.Const)
  )
    return 'let at the top: it looks as if all runs shared it, and each has its own; keep it in the function';
  return undefined;
}

/** The name in `date.getHours`, in `date['getHours']` and in `const { getHours } = date`. */
function memberOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression))
    return node.argumentExpression.text;
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent))
    return (node.propertyName ?? node.name).getText();
  return undefined;
}

/** `date.toString()`, `String(date)`, `${date}`, `date + 1`: even where it looks like a sum, it is text. */
function writesDate(node: ts.Node, isDate: (node: ts.Expression) => boolean): boolean {
  if (ts.isPropertyAccessExpression(node)) return node.name.text === 'toString' && isDate(node.expression);
  if (ts.isTemplateSpan(node)) return isDate(node.expression);
  if (ts.isCallExpression(node)) return node.expression.getText() === 'String' && node.arguments.some(isDate);
  if (!ts.isBinaryExpression(node)) return false;
  const { operatorToken, left, right } = node;
  const adds = [ts.SyntaxKind.PlusToken, ts.SyntaxKind.PlusEqualsToken].includes(operatorToken.kind);
  return adds && (isDate(left) || isDate(right));
}

function wrongDate(node: ts.CallExpression | ts.NewExpression): string | undefined {
  const called = node.expression.getText();
  if (called !== 'Date' && called !== 'Date.parse') return undefined;
  if (called === 'Date' && ts.isCallExpression(node)) return `Date(): it writes the time in ${machines}`;
  const [first, ...more] = node.arguments ?? [];
  if (more.length > 0) return `new Date(year, month, …): it is in ${machines}`;
  if (first && lacksZone(first))
    return `a date without its zone, ${first.getText()}: it is in ${machines}, or write its zone, as in 2026-12-24T18:00Z`;
  return undefined;
}

const iso = /^[+-]?\d{4,6}(-\d\d){0,2}(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;
const isoEnd = /(^|Z|[+-]\d\d:\d\d|(^|-)\d\d)$/;

/** Of a text. A day alone is in UTC; what is not ISO is understood as each machine likes. Of `${day}T18:00` the end tells. */
function lacksZone(text: ts.Expression): boolean {
  if (ts.isStringLiteralLike(text)) return !iso.test(text.text);
  if (ts.isTemplateExpression(text)) return !isoEnd.test(text.templateSpans.at(-1)?.literal.text ?? '');
  const isSum = ts.isBinaryExpression(text) && text.operatorToken.kind === ts.SyntaxKind.PlusToken;
  return isSum && ts.isStringLiteralLike(text.right) && !isoEnd.test(text.right.text);
}

function everyOne(names: string, what: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [name, what]));
}
