import Handlebars from 'handlebars';

/** The helpers that templates may call; anything else does not compile. */
const helpers = {
  /** `{{money 12.5 "EUR"}}` -> €12.50. The amount is in major units. */
  money: (amount: unknown, currency: unknown) =>
    new Intl.NumberFormat('en', { style: 'currency', currency: String(currency) }).format(Number(amount)),
};

/** Handlebars' own helpers that reach the console or look fields up by a computed name stay out. */
const knownHelpers = { log: false, lookup: false, money: true };

/** What a template sees. `person` and `event` are plain JSON: no functions, no prototypes. */
export interface TemplateData {
  person: { name?: string };
  event: Record<string, unknown>;
  /** Signed, and this mail's own. A transactional mail has no way out to show. */
  links?: { unsubscribe?: string; preferences?: string; confirm?: string };
  subject?: string;
  preheader?: string;
}

export type Words = (data: TemplateData) => string;

/** Handlebars with only our helpers and the given partials. One for all templates: compiling is the dear part. */
export function createHandlebars(partials: Record<string, string>): typeof Handlebars {
  const handlebars = Handlebars.create();
  handlebars.registerHelper(helpers);
  handlebars.registerPartial(partials);
  return handlebars;
}

/** Compiles HTML; every value is escaped. Throws on a syntax error, an unknown helper or an unescaped value. */
export function compileHtml(handlebars: typeof Handlebars, source: string): Words {
  refuseUnescaped(source);
  return compile(handlebars, source, false);
}

/** Compiles plain text (the text part, a subject); nothing is escaped there. Same errors as compileHtml. */
export function compileText(handlebars: typeof Handlebars, source: string): Words {
  return compile(handlebars, source, true);
}

function compile(handlebars: typeof Handlebars, source: string, noEscape: boolean): Words {
  const options = { strict: true, knownHelpersOnly: true, knownHelpers, noEscape };
  handlebars.precompile(source, options); // compile() is lazy: this makes a broken template fail now
  return handlebars.compile<TemplateData>(source, options);
}

/** `{{{x}}}` and `{{& x}}` would let data write HTML. */
export function refuseUnescaped(source: string): void {
  class Finder extends Handlebars.Visitor {
    override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
      if (!statement.escaped) {
        throw new Error(
          `line ${statement.loc.start.line}: {{{...}}} and {{& ...}} put data into HTML unescaped; use {{...}}`,
        );
      }
      super.MustacheStatement(statement);
    }
  }
  new Finder().accept(Handlebars.parse(source));
}
