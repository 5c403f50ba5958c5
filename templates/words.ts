import Handlebars from 'handlebars';

import type { PersonOfMail } from './compiled.ts';
import { format, type Reader } from './format.ts';
import { linesOf } from './lines.ts';
import { blockPart, mustachesIn } from './mustaches.ts';

/** What a template sees: plain JSON, no functions, no prototypes. */
export interface TemplateData {
  person: PersonOfMail;
  event: Record<string, unknown>;
  /** Signed, and this mail's own. A transactional mail has no way out to show. */
  links: { unsubscribe?: string; preferences?: string; confirm?: string };
  subject?: string;
  preheader?: string;
}

/** Words that are ready to be filled in. Throws when the data lacks something, or when the result would have no end. */
export type Words = (data: TemplateData, reader: Reader) => string;

/** A mail has this much text at most; Gmail shows 102 KB of it. */
export const maxRendered = 2 * 1024 * 1024;
/** Repetitions of all `#each` of one mail together. */
const maxRepetitions = 10_000;

interface Budget {
  repetitions: number;
  length: number;
}

/** What helpers get from us beside their arguments. */
interface Frame {
  reader: Reader;
  budget: Budget;
}

type HelperOptions = Handlebars.HelperOptions & { data: Frame & Record<string, unknown> };

/**
 * The helpers that templates may call; anything else does not compile. `each` stands in for Handlebars' own, which would
 * block the worker for seconds over three nested lists: this one counts.
 */
const helpers: Record<string, (...given: never[]) => unknown> = {
  money: (amount: unknown, currency: unknown, { data }: HelperOptions) => format.money(data.reader, amount, currency),
  number: (value: unknown, { data }: HelperOptions) => format.number(data.reader, value),
  date: (ms: unknown, { data, hash }: HelperOptions) => format.date(data.reader, ms, hash['style']),
  time: (ms: unknown, { data }: HelperOptions) => format.time(data.reader, ms),
  dateTime: (ms: unknown, { data, hash }: HelperOptions) => format.dateTime(data.reader, ms, hash['style']),
  plural: (count: unknown, { data, hash }: HelperOptions) => format.plural(data.reader, count, hash),
  url: (value: unknown) => format.url(value),
  eq: (one: unknown, other: unknown) => one === other,
  each(this: unknown, list: unknown, options: HelperOptions) {
    if (!Array.isArray(list) || list.length === 0) return options.inverse(this);
    const { budget } = options.data;
    let text = '';
    for (const [index, item] of list.entries()) {
      spend(budget, 'repetitions', 1, maxRepetitions);
      const data = Handlebars.createFrame(options.data);
      Object.assign(data, { index, key: index, first: index === 0, last: index === list.length - 1 });
      const part = options.fn(item, { data, blockParams: [item, index] });
      spend(budget, 'length', part.length, maxRendered);
      text += part;
    }
    return text;
  },
};

/** Handlebars' own helpers that reach the console or look fields up by a computed name stay out. */
const knownHelpers = {
  log: false,
  lookup: false,
  ...Object.fromEntries(Object.keys(helpers).map((name) => [name, true])),
} as KnownHelpers;

export const helperNames: readonly string[] = ['if', 'unless', 'with', ...Object.keys(helpers)];

/** Handlebars with our helpers and no partials: those are put in before MJML is compiled. */
const handlebars = Handlebars.create();
handlebars.registerHelper(helpers as Handlebars.HelperDeclareSpec);

/** Compiles HTML: every value is escaped. Compiling happens at the first use. */
export function compileHtml(source: string): Words {
  return wordsOf(source, false);
}

/** Compiles plain text (the text part, a subject): nothing is escaped there. */
export function compileText(source: string): Words {
  return wordsOf(source, true);
}

/** Throws an Error that holds a line on a syntax error, a helper that there is not, an unescaped value, a partial. */
export function checkSyntax(source: string): void {
  const blocks = checkBlocks(source);
  const program = Handlebars.parse(source);
  // Handlebars reads more than the scanners do that look for markup around it: {{{{raw blocks}}}}, and "a string\".
  if (blocks.unreadable !== undefined) {
    throw new Error(`line ${blocks.unreadable}: {{{{...}}}} and \\" at the end of a string are not for templates`);
  }
  new Refusing().accept(program);
  handlebars.precompile(program, optionsFor(true));
}

/** Handlebars calls itself for a block in a block, and compares each block with all others. */
const deepestBlock = 50;
const mostBlocks = 1_000;

function checkBlocks(source: string): { unreadable: number | undefined } {
  const lineAt = linesOf(source);
  const open: number[] = [];
  let count = 0;
  for (const { kind, start, end } of mustachesIn(source)) {
    if (kind === 'unreadable') return { unreadable: lineAt(start) };
    if (kind !== 'value') continue;
    const part = blockPart(source.slice(start, end));
    if (part === 'closes') open.pop();
    if (part === 'opens') {
      open.push(open.at(-1) ?? 0);
      count += 1;
    }
    // {{else if}} is a block in the other half of the one before.
    if (part === 'opens' || part === 'between') open.push((open.pop() ?? 0) + 1);
    const depth = open.at(-1) ?? 0;
    if (depth > deepestBlock) {
      throw new Error(
        `line ${lineAt(start)}: a block in more than ${deepestBlock} others, {{else if}} included: put some into one`,
      );
    }
    if (count > mostBlocks)
      throw new Error(`line ${lineAt(start)}: more than ${mostBlocks} blocks: use {{#each}} for what repeats`);
  }
  return { unreadable: undefined };
}

/** How many values a helper is given. */
const valuesOf: Readonly<Record<string, number>> = {
  money: 2,
  number: 1,
  date: 1,
  time: 1,
  dateTime: 1,
  plural: 1,
  url: 1,
  eq: 2,
};

/** What would fail with some data only: the sample has one number, and it may be the one that fits. */
function checkCall(call: Pick<hbs.AST.SubExpression, 'params' | 'hash' | 'loc'> & { path: hbs.AST.Expression }) {
  const { original } = call.path as hbs.AST.PathExpression;
  const wanted = Object.hasOwn(valuesOf, original) ? valuesOf[original] : undefined;
  if (wanted === undefined) return;
  if (call.params.length !== wanted) {
    const field = call.params.length === 0 ? `; a field of that name is {{this.${original}}}` : '';
    refuse(
      call,
      `{{${original}}} takes ${wanted === 1 ? 'one value' : `${wanted} values`}, and has ${call.params.length}${field}`,
    );
  }
  if (original === 'plural' && !call.hash?.pairs.some(({ key }) => key === 'other')) {
    refuse(call, '{{plural}} needs the form other="…": some numbers have no form of their own');
  }
}

class Refusing extends Handlebars.Visitor {
  override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
    if (!statement.escaped) {
      refuse(statement, '{{{...}}} and {{& ...}} put data into HTML unescaped; use {{...}}');
    }
    checkCall(statement);
    super.MustacheStatement(statement);
  }
  override SubExpression(call: hbs.AST.SubExpression): void {
    checkCall(call);
    super.SubExpression(call);
  }
  override BlockStatement(block: hbs.AST.BlockStatement): void {
    const { original } = block.path;
    if (Object.hasOwn(valuesOf, original))
      refuse(block, `{{#${original}}}: ${original} is no block; write {{${original} ...}}`);
    super.BlockStatement(block);
  }
  override PartialStatement(statement: hbs.AST.PartialStatement): void {
    refuse(statement, '{{> ...}} stands in MJML only, and names its partial by one word');
  }
  override PartialBlockStatement(statement: hbs.AST.PartialBlockStatement): void {
    refuse(statement, '{{#> ...}}: a layout is named in the front matter, and a partial has no block');
  }
  override Decorator(statement: hbs.AST.Decorator): void {
    refuse(statement, '{{* ...}}: decorators are not for templates');
  }
  override DecoratorBlock(statement: hbs.AST.DecoratorBlock): void {
    refuse(statement, '{{#* ...}}: decorators are not for templates');
  }
}

function refuse({ loc }: Pick<hbs.AST.Node, 'loc'>, message: string): never {
  throw new Error(`line ${loc.start.line}: ${message}`);
}

function optionsFor(noEscape: boolean) {
  return { strict: true, knownHelpersOnly: true, knownHelpers, noEscape };
}

function wordsOf(source: string, noEscape: boolean): Words {
  const template = handlebars.compile<TemplateData>(source, optionsFor(noEscape));
  return (data, reader) => {
    const frame: Frame = { reader, budget: { repetitions: 0, length: 0 } };
    const text = template(data, { data: frame });
    if (text.length > maxRendered) throw tooMuch('length', maxRendered);
    return text;
  };
}

function spend(budget: Budget, what: keyof Budget, amount: number, limit: number): void {
  budget[what] += amount;
  if (budget[what] > limit) throw tooMuch(what, limit);
}

function tooMuch(what: keyof Budget, limit: number): Error {
  return new Error(
    what === 'length'
      ? `the mail would be longer than ${limit} characters`
      : `its #each blocks would repeat more than ${limit} times`,
  );
}
