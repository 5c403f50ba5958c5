import Handlebars from 'handlebars';

/** How something that is not known before there is data stands in a branch: the text of the `{{...}}`, and the helper's own words. */
export type Show = (mustache: string) => string;

/** Beyond it, what is left of a chain of branches is put together into one. */
const most = 50;

/**
 * A template with every branch of every block in at least one of the results: the first has each block's first half, the next
 * ones what comes with `{{else}}`. A loop is run once. The forms of a `{{plural}}` are branches too.
 */
export function branchesOf(source: string, show: Show): string[] {
  const lines = source.split('\n');
  return ofProgram(Handlebars.parse(source), { lines, show });
}

interface Known {
  lines: readonly string[];
  show: Show;
}

function ofProgram({ body }: hbs.AST.Program, known: Known): string[] {
  const parts = body.map((statement) => ofStatement(statement, known));
  const count = Math.max(1, ...parts.map(({ length }) => length));
  return Array.from({ length: count }, (_, index) =>
    parts.map((branches) => branches[Math.min(index, branches.length - 1)]).join(''),
  );
}

function ofStatement(statement: hbs.AST.Statement, known: Known): string[] {
  switch (statement.type) {
    case 'ContentStatement':
      return [(statement as hbs.AST.ContentStatement).value];
    case 'MustacheStatement':
      return ofMustache(statement as hbs.AST.MustacheStatement, known);
    case 'BlockStatement': {
      const { path, program, inverse } = statement as Pick<hbs.AST.BlockStatement, 'path'> &
        Partial<hbs.AST.BlockStatement>;
      // So that {{#if x}}…{{/if}}{{#unless x}}…{{/unless}} is one or the other.
      const order = path.original === 'unless' ? [inverse, program] : [program, inverse];
      const halves = order.map((half) => (half ? ofProgram(half, known) : ['']));
      const all = halves.flat();
      return all.length > most ? [...all.slice(0, most), all.slice(most).join('')] : all;
    }
    default:
      return [''];
  }
}

function ofMustache({ path, hash, loc }: hbs.AST.MustacheStatement, { lines, show }: Known): string[] {
  const forms = (hash?.pairs ?? []).flatMap(({ value }) =>
    value.type === 'StringLiteral' ? [(value as hbs.AST.StringLiteral).value] : [],
  );
  if ((path as hbs.AST.PathExpression).original === 'plural' && forms.length > 0) {
    return forms.map((form) => Handlebars.escapeExpression(form));
  }
  return [Handlebars.escapeExpression(show(textAt(lines, loc)))];
}

function textAt(lines: readonly string[], { start, end }: hbs.AST.SourceLocation): string {
  const text = lines.slice(start.line - 1, end.line);
  text[text.length - 1] = (text.at(-1) ?? '').slice(0, end.column);
  text[0] = (text[0] ?? '').slice(start.column);
  return text.join('\n');
}
