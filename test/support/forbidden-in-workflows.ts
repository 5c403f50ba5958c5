import ts from 'typescript';

/** What reads the clock, the zone or the language of the machine, each with what to use in its place. */
const methods: Record<string, string> = Object.fromEntries([
  ...['getHours', 'getMinutes', 'getDate', 'getDay', 'getMonth', 'getFullYear', 'getTimezoneOffset'].map((name) => [
    name,
    'it knows the zone of the machine alone: use workflows/lib/local-time.ts',
  ]),
  ...['setHours', 'setDate', 'setMonth', 'setFullYear'].map((name) => [
    name,
    'it knows the zone of the machine alone: use workflows/lib/local-time.ts',
  ]),
  ...['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString', 'localeCompare'].map((name) => [
    name,
    'it goes by the language data of the machine: write it in a template',
  ]),
]);

/** What a linter cannot say of workflow code: each place that may do something else when it is lived through again. */
export function forbiddenIn(file: string, source: string): string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const add = (node: ts.Node, what: string) => {
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${file}:${line + 1}: ${what}`);
  };
  const look = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && Object.hasOwn(methods, node.name.text))
      add(node, `${node.name.text}: ${methods[node.name.text]}`);
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) > 1)
      add(node, 'new Date(year, month, …): it is in the zone of the machine: use workflows/lib/local-time.ts');
    if (ts.isVariableStatement(node) && node.parent === tree && !(node.declarationList.flags & ts.NodeFlags.Const))
      add(node, 'let at the top: every run on a worker would share it; keep it in the function');
    ts.forEachChild(node, look);
  };
  look(tree);
  return found;
}
