import ts from 'typescript';

/** The names of the variables and parameters in a file that can be seen to hold a Date; one name means one thing in a file. */
export function datesIn(tree: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const look = (node: ts.Node): void => {
    if (
      (ts.isVariableDeclaration(node) || ts.isParameter(node)) &&
      ts.isIdentifier(node.name) &&
      (node.type?.getText() === 'Date' || (node.initializer && isNewDate(node.initializer)))
    )
      names.add(node.name.text);
    ts.forEachChild(node, look);
  };
  look(tree);
  return names;
}

/** Whether an expression is a Date, as far as it can be seen without its type. */
export function isDate(node: ts.Expression, names: ReadonlySet<string>): boolean {
  if (ts.isParenthesizedExpression(node)) return isDate(node.expression, names);
  return isNewDate(node) || (ts.isIdentifier(node) && names.has(node.text));
}

function isNewDate(node: ts.Node): boolean {
  return ts.isNewExpression(node) && node.expression.getText() === 'Date';
}
