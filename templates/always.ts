import Handlebars from 'handlebars';

import type { TemplateData } from './words.ts';
import { lookingFrom, resolve, type Scope, topScope } from './needs-scope.ts';

/**
 * What of a template is there whatever the data is, with these links in it and every other value as `{{...}}`: blocks are left
 * out, but for those that ask for the way out, which each marketing mail has.
 */
export function alwaysIn(source: string, links: Links): string {
  return ofProgram(Handlebars.parse(source), topScope, links);
}

type Links = TemplateData['links'];

/** Objects that every mail has, empty or not. */
const roots = ['event', 'person', 'links'];

function ofProgram(program: hbs.AST.Program | undefined, scope: Scope, links: Links): string {
  return (program?.body ?? []).map((statement) => ofStatement(statement, scope, links)).join('');
}

function ofStatement(statement: hbs.AST.Statement, scope: Scope, links: Links): string {
  switch (statement.type) {
    case 'ContentStatement':
      return (statement as hbs.AST.ContentStatement).value;
    case 'MustacheStatement': {
      const { path, params } = statement as hbs.AST.MustacheStatement;
      const name = params.length === 0 ? pathOf(path, scope) : undefined;
      return linkOf(name, links) ?? `{{${name ?? (path as hbs.AST.PathExpression).original}}}`;
    }
    case 'BlockStatement':
      return ofBlock(statement as hbs.AST.BlockStatement, scope, links);
    default:
      return '';
  }
}

function ofBlock({ path, params, program, inverse }: hbs.AST.BlockStatement, scope: Scope, links: Links): string {
  const asked = pathOf(params[0], scope);
  const given = linkOf(asked, links) !== undefined;
  switch (path.original) {
    case 'if':
      return given ? ofProgram(program, scope, links) : '';
    case 'unless':
      return given ? ofProgram(inverse, scope, links) : '';
    case 'with': {
      if (asked === undefined || !roots.includes(asked)) return '';
      const [name] = program.blockParams ?? [];
      return ofProgram(program, lookingFrom(scope, asked, name === undefined ? {} : { [name]: asked }), links);
    }
    default:
      return '';
  }
}

function pathOf(node: hbs.AST.Node | undefined, scope: Scope): string | undefined {
  return node?.type === 'PathExpression' ? resolve(node as hbs.AST.PathExpression, scope) : undefined;
}

/** Mail for a consent has one to confirm, other mail of the same template has none: only these two are sure. */
function linkOf(path: string | undefined, links: Links): string | undefined {
  return path === 'links.unsubscribe'
    ? links.unsubscribe
    : path === 'links.preferences'
      ? links.preferences
      : undefined;
}
