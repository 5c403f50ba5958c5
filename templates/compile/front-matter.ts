import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';

import { mailbox } from '../../config/senders.ts';
import { contact } from '../../events/person.ts';
import { canonical } from '../../events/closest-locale.ts';

/** As an event brings it: else the preview and the checks would show what no reader gets. */
const { email: _, ...fieldsOfPerson } = contact.shape;
const person = z.strictObject(fieldsOfPerson);
const sample = z.strictObject({
  person: person.default({}),
  event: z.record(z.string(), z.unknown()).default({}),
});
const locale = z.string().refine((text) => canonical(text) === text && text !== '', {
  error: 'must be a BCP 47 locale such as en or pt-BR',
});
const oneOrMore = z
  .union([z.string(), z.array(z.string())], { error: 'must be an event type, or a list of them' })
  .transform((events) => (typeof events === 'string' ? [events] : events));

/** What stands above the first line of a template, between two lines of `---`. */
const ofDefault = z
  .strictObject({
    subject: z.string({ error: 'is missing: what the mail is about, as a text' }).min(1, { error: 'is empty' }),
    preheader: z.string().default(''),
    class: z.enum(['marketing', 'transactional'], { error: 'must be marketing or transactional' }),
    topic: z.string().optional(),
    events: oneOrMore.default([]),
    locale: locale.default('en'),
    layout: z.string().default('base'),
    from: mailbox.optional(),
    reply_to: mailbox.optional(),
    sample: sample.optional(),
  })
  .refine((matter) => matter.class === 'transactional' || matter.topic !== undefined, {
    path: ['topic'],
    error: 'is missing: a marketing template names the topic that people consent to',
  });

/** Another language has its own words; what the template is stands in the default alone. */
const ofVariant = z.strictObject({
  subject: z.string({ error: 'is missing: what the mail is about, as a text' }).min(1, { error: 'is empty' }),
  preheader: z.string().default(''),
  sample: sample.optional(),
});

export type FrontMatter = z.output<typeof ofDefault>;
export type VariantMatter = z.output<typeof ofVariant>;

/** What a file begins with, and the rest of it. `mistakes` are `line what`; `bodyLine` is the first line of the body. */
export type Split<Matter> =
  | { matter: Matter; body: string; bodyLine: number }
  | { mistakes: { line: number; message: string }[] };

export function splitDefault(source: string): Split<FrontMatter> {
  return split(source, ofDefault);
}

export function splitVariant(source: string): Split<VariantMatter> {
  return split(source, ofVariant);
}

function split<Schema extends z.ZodType>(source: string, schema: Schema): Split<z.output<Schema>> {
  const found = /^---\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)/s.exec(source);
  if (!found) {
    const message = 'starts with no front matter: two lines of --- with subject, class and topic between them';
    return { mistakes: [{ line: 1, message }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(found[1] ?? '', { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number) => lines.linePos(offset).line + 1; // the line of --- stands above
  if (document.errors.length > 0) {
    return {
      mistakes: document.errors.map(({ message, pos }) => ({
        line: lineOf(pos[0]),
        message: `front matter is not YAML: ${message}`,
      })),
    };
  }
  let written: unknown;
  try {
    written = document.toJS();
    JSON.stringify(written); // an alias inside of what it stands for has no end
  } catch (error) {
    const [what = ''] = (error as Error).message.split('\n');
    return { mistakes: [{ line: 1, message: `front matter is not YAML that can be used: ${what}` }] };
  }
  const matter = schema.safeParse(written ?? {});
  if (matter.success) {
    const bodyLine = found[0].split('\n').length;
    return { matter: matter.data, body: source.slice(found[0].length), bodyLine };
  }
  return {
    mistakes: matter.error.issues.map(({ path, message, ...issue }) => {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
      const node = document.getIn([...path, ...keys.slice(0, 1)] as (string | number)[], true) as
        | { range?: [number, number, number] }
        | undefined;
      const place = path.length > 0 ? `${path.join('.')} ` : '';
      return { line: node?.range ? lineOf(node.range[0]) : 1, message: `front matter: ${place}${message}` };
    }),
  };
}
