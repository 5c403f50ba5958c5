import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { Event, FullPayload } from '../events/index.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import type { EventFor, NeedsOf } from '../templates/event-for.ts';
import { type TemplateName, templateNames } from '../templates/names.ts';
import { variablesSource } from '../templates/write-types.ts';
import { sendEmail, type TemplateReference } from '../workflows/lib/send-email.ts';

const folder = join(import.meta.dirname, '../templates');

/** The same words in `text` and `html`, as one language of a template. */
const variant = (html: string) => ({
  subject: 'Hello',
  preheader: '',
  html,
  text: html,
  textIsDerived: true,
  sample: { person: {}, event: {} },
  file: 'x/mail.mjml',
});
const written = (...languages: string[]) => {
  const variants = Object.fromEntries(languages.map((html, index) => [`l${index}`, variant(html)]));
  const source = variablesSource([{ name: 'x', variants }]);
  return /TemplateNeeds \{\n(.*?)^\}/ms.exec(source)?.[1]?.replaceAll(/\s+/g, ' ').trim();
};

describe('templates/variables.ts', () => {
  it('is what the templates need now; if not, run: npx --no rivulet templates types', async () => {
    const { templates } = await compileAll(folder, templateNames, { topics: ['onboarding', 'offers'] });
    expect(readFileSync(join(folder, 'variables.ts'), 'utf8')).toBe(variablesSource(templates));
  });

  it('has what any language needs', () => {
    expect(written('{{event.id}}', '{{#if event.id}}{{event.id}}{{/if}}{{event.total}}')).toBe(
      'x: { id: Given; total: Given; };',
    );
  });

  it('has lists, objects and what is only asked for', () => {
    expect(
      written('{{#each event.items}}{{name}}{{#if old}}!{{/if}}{{/each}}{{event.from.city}}{{event.tags.length}}'),
    ).toBe('x: { from: { city: Given; }; items?: MaybeList<{ name: Given; old?: unknown; }>; tags: unknown; };');
    expect(written('{{#each event.items}}{{#if this}}{{name}}{{/if}}{{/each}}')).toContain(
      'MaybeList<{ name: Given; }>',
    );
    expect(written('Hello')).toBe('x: object;');
  });

  it('has lists of lists, as deep as the loops go', () => {
    const loops = (words: string, depth = 2): string =>
      depth === 0 ? words : `{{#each ${depth === 2 ? 'event.rows' : 'this'}}}${loops(words, depth - 1)}{{/each}}`;
    expect(written(loops('{{this}}'))).toContain('rows?: MaybeList<List<Given>>;');
    expect(written(loops('{{name}}{{#each old}}{{this}}{{/each}}'))).toContain(
      'rows?: MaybeList<List<{ name: Given; old?: MaybeList<Given>; }>>;',
    );
    expect(written(loops('x'))).toContain('rows?: MaybeList<List<unknown>>;');
    expect(written('{{#each event.rows}}{{this.length}}{{#each cells}}{{this}}{{/each}}{{/each}}')).toContain(
      'cells?: MaybeList<Given>;',
    );
  });

  it('quotes what is no name in TypeScript', () => {
    expect(written('{{event.[first-name]}}')).toBe("x: { 'first-name': Given; };");
  });
});

describe('an event for a template', () => {
  const send = <Name extends TemplateName>(template: TemplateReference<Name>, event: EventFor<Name>) => [
    template,
    event,
  ];
  /** Compiles only for a payload that has all that the template needs. */
  const fits = <Name extends TemplateName>(template: Name, payload: NeedsOf<Name>) => [template, payload];
  const [order, signup, cart, project] = [] as unknown as [
    Event<'order.completed'>,
    Event<'user.signed_up'>,
    Event<'cart.abandoned'>,
    Event<'project.created'>,
  ];

  it('is one whose payload has all that the template needs: anything else does not compile', () => {
    send('receipt', order);
    // @ts-expect-error -- a sign-up has no total
    send('receipt', signup);
    // @ts-expect-error -- a cart has no order_id
    send('receipt', cart);
    const paid = {} as FullPayload<'order.completed'>;
    fits('receipt', paid);
    // @ts-expect-error -- the total may be missing
    fits('receipt', {} as { order_id: string; currency: string; total?: number });
    // @ts-expect-error -- a total that is an object cannot be shown
    fits('receipt', {} as { order_id: string; currency: string; total: { amount: number } });
    // @ts-expect-error -- the items have no price
    fits('receipt', {} as Omit<typeof paid, 'items'> & { items: { name: string }[] });
    expect(order).toBeUndefined();
  });

  it('is asked for by sendEmail, for the live version, for a pinned one, and for each of several', () => {
    const [either, version] = ['welcome', 'receipt@0a1b2c3d4e5f'] as ['welcome' | 'receipt', 'receipt@0a1b2c3d4e5f'];
    const journey = async () => {
      await sendEmail('receipt', order);
      await sendEmail(version, order);
      await sendEmail(either, order);
      // @ts-expect-error -- a sign-up has no total
      await sendEmail('receipt', signup);
      // @ts-expect-error -- in no version
      await sendEmail(version, signup);
      // @ts-expect-error -- it may be the receipt
      await sendEmail(either, signup);
      // @ts-expect-error -- there is no such template
      await sendEmail('welcom', signup);
    };
    expect(journey).toBeTypeOf('function');
  });

  it('may show personal fields, which a journey cannot read: they are joined when the email is rendered', () => {
    send('cart-reminder', cart);
    const journey = () => [
      cart.payload.cart_id,
      cart.payload.items?.[0]?.price,
      // @ts-expect-error -- the link to a cart is personal
      cart.payload.url,
      // @ts-expect-error -- so is what is in it
      cart.payload.items?.[0]?.name,
      // @ts-expect-error -- and the name of a project
      project.payload.name,
    ];
    expect(journey).toBeTypeOf('function');
  });

  it('may have more than the template needs, and may lack what it only asks for', () => {
    fits('receipt', {} as FullPayload<'cart.abandoned'> & { order_id: string });
    send('welcome', signup);
    send('welcome', project);
    send('invite-team', signup);
    // @ts-expect-error -- nor with a plan that cannot be shown
    fits('welcome', { plan: { name: 'pro' } });
  });
});
