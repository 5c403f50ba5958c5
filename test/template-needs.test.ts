import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { checkNeeds, checkSample, type Schemas } from '../templates/check-needs.ts';
import type { CompiledTemplate } from '../templates/compiled.ts';
import { needsOf } from '../templates/needs.ts';
import { compileHtml } from '../templates/words.ts';

const words = (html: string, more: { subject?: string; text?: string } = {}) => ({
  subject: '',
  preheader: '',
  html,
  text: '',
  ...more,
});
/** `!` is required, `*` a list. */
const needs = (html: string) =>
  needsOf(words(html)).map(({ path, required, list }) => `${path}${list ? '*' : ''}${required ? '!' : ''}`);

describe('what a template needs', () => {
  it.each([
    ['a value', '{{event.total}}', ['event.total!']],
    ['what helpers are given', '{{money event.total event.currency}}', ['event.total!', 'event.currency!']],
    ['a value in a sub-expression', '{{plural (number event.n) other="#"}}', ['event.n!']],
    ['the forms of a plural', '{{plural event.n other=event.form}}', ['event.n!', 'event.form!']],
    ['but not a style, which has a default', '{{date event.at style=event.style}}', ['event.at!', 'event.style']],
    ['what @root leads to', '{{@root.event.total}}', ['event.total!']],
  ])('is %s', (_, html, expected) => expect(needs(html)).toEqual(expected));

  it.each([
    ['inside {{#if}} of it', '{{#if event.plan}}{{event.plan}}{{/if}}', ['event.plan']],
    [
      'inside {{#if}} of it and of another',
      '{{#if event.a}}{{#if event.b}}{{event.a}}{{/if}}{{/if}}',
      ['event.a', 'event.b'],
    ],
    ['inside {{#with}} of it', '{{#with event.plan}}{{this}}{{/with}}', ['event.plan']],
    ['where it equals something', '{{#if (eq event.plan "pro")}}{{event.plan}}{{/if}}', ['event.plan']],
    ['in the else of {{#unless}}', '{{#unless event.a}}no{{else}}{{event.a}}{{/unless}}', ['event.a']],
    ['in its {{else if}}', '{{#if event.a}}a{{else if event.b}}{{event.b}}{{/if}}', ['event.a', 'event.b']],
    ['where it is only asked for', '{{#if (eq event.plan "pro")}}Pro{{/if}}', ['event.plan']],
    ['in a loop over it', '{{#each event.items}}{{@index}}{{@first}}{{@last}}{{@key}}{{/each}}', ['event.items*']],
  ])('is nothing that may not be missing %s', (_, html, expected) => expect(needs(html)).toEqual(expected));

  it.each([
    ['in the {{else}} of {{#if}}', '{{#if event.a}}a{{else}}{{event.a}}{{/if}}', ['event.a!']],
    ['in the {{^}} of {{#if}}', '{{#if event.a}}a{{^}}{{event.a}}{{/if}}', ['event.a!']],
    ['in {{^if}}', '{{^if event.a}}{{event.a}}{{/if}}', ['event.a!']],
    ['in {{#unless}}', '{{#unless event.a}}{{event.a}}{{/unless}}', ['event.a!']],
    ['after {{#if}} of it', '{{#if event.a}}a{{/if}}{{event.a}}', ['event.a!']],
    ['in the {{else}} of {{#each}}', '{{#each event.items}}i{{else}}{{event.items}}{{/each}}', ['event.items*!']],
    [
      'where it equals something that may be missing too',
      '{{#if (eq event.a event.b)}}{{event.a}}{{/if}}',
      ['event.a!', 'event.b'],
    ],
  ])('is needed all the same %s', (_, html, expected) => expect(needs(html)).toEqual(expected));

  it.each([
    [
      'this',
      '{{#each event.items}}{{this.name}}{{./price}}{{old}}{{/each}}',
      ['items[].name!', 'items[].price!', 'items[].old!'],
    ],
    ['this alone', '{{#each event.items}}{{this}}{{/each}}', ['items[]!']],
    ['../', '{{#each event.items}}{{#if name}}{{../event.a}}{{/if}}{{/each}}', ['items[].name', 'a!']],
    ['@root', '{{#each event.items}}{{money price @root.event.currency}}{{/each}}', ['items[].price!', 'currency!']],
    [
      'names after "as"',
      '{{#each event.items as |item n|}}{{item.name}}{{n}}{{event.x}}{{/each}}',
      ['items[].name!', 'items[].event!', 'items[].event.x!'],
    ],
    [
      'a name around',
      '{{#each event.items as |one|}}{{#each one.tags}}{{one.name}}{{this}}{{/each}}{{/each}}',
      ['items[].tags*', 'items[].name!', 'items[].tags[]!'],
    ],
    [
      'a loop in a loop',
      '{{#each event.items}}{{#each tags}}{{this}}{{../name}}{{../../event.a}}{{/each}}{{/each}}',
      ['items[].tags*', 'items[].tags[]!', 'items[].name!', 'a!'],
    ],
  ])('finds %s inside a loop', (_, html, expected) => {
    expect(needs(html)).toEqual(['event.items*', ...expected.map((path) => `event.${path}`)]);
  });

  it('is another item, though it has the same path: what one has, the other may lack', () => {
    const html = '{{#each event.items}}{{#if name}}{{#each ../event.items}}{{name}}{{/each}}{{/if}}{{/each}}';
    expect(needs(html)).toEqual(['event.items*', 'event.items[].name!']);
  });

  it('is every object on the way, even to what is only asked for: that is where Handlebars breaks', () => {
    const html = '{{#if event.order.gift.card}}{{event.order.gift.card}}{{/if}}';
    expect(needs(html)).toEqual(['event.order!', 'event.order.gift!', 'event.order.gift.card']);
    const render = compileHtml(html);
    const reader = { locale: 'en', timeZone: 'UTC' };
    expect(() => render({ person: {}, event: { order: {} }, links: {} }, reader)).toThrow(TypeError);
    expect(needs('{{#if event.order}}{{event.order.id}}{{/if}}')).toEqual(['event.order', 'event.order.id!']);
  });

  it('tells the part and the line of the first use that would fail', () => {
    const found = needsOf(
      words('', { subject: '{{#if event.a}}x{{/if}}', text: 'Hello\n\n{{event.a}}' }),
      'x/mail.mjml',
    );
    expect(found).toMatchObject([{ path: 'event.a', required: true, part: 'text', line: 3, file: 'x/mail.mjml' }]);
  });
});

const text = z.string().meta({ class: 'public' });
const schemas: Schemas = {
  'visit.booked': z.object({
    visit_id: text,
    at: z.number().meta({ class: 'public' }),
    doctor: z.object({ name: text, phone: text.optional() }),
    note: text.optional(),
    guests: z.array(z.object({ name: text, seat: text.optional() })).default([]),
    invoice: z.object({ card: text.meta({ class: 'secret' }) }).optional(),
  }),
  'visit.moved': z.object({ visit_id: text, at: z.number().optional(), note: text.optional() }),
};
const booked = { class: 'transactional', events: ['visit.booked'] } as const;
const found = (html: string, mail: Partial<Pick<CompiledTemplate, 'class' | 'events'>> = {}, more = {}) =>
  checkNeeds(
    needsOf(words(html, more), 'x/mail.mjml'),
    { ...booked, events: [...booked.events], ...mail },
    schemas,
  ).map(({ rule, message }) => `${rule}: ${message}`);

describe('a template is refused', () => {
  it('never for what its event surely has, or what it asks for first', () => {
    expect(
      found('{{event.visit_id}}{{event.doctor.name}}{{#if event.doctor.phone}}{{event.doctor.phone}}{{/if}}'),
    ).toEqual([]);
    expect(
      found('{{#each event.guests}}{{@index}} {{name}}{{#if seat}}{{seat}}{{/if}}{{/each}}{{event.guests.length}}'),
    ).toEqual([]);
    expect(found('{{#if person.name}}{{person.name}}{{/if}}{{subject}}{{preheader}}')).toEqual([]);
  });

  it.each([
    [
      '{{event.visitId}}',
      'unknown-field: {{event.visitId}}: event of visit.booked has no "visitId"; is it "visit_id"? There are visit_id, at, doctor, note, guests, invoice',
    ],
    [
      '{{event.doctor.nme}}',
      'unknown-field: {{event.doctor.nme}}: event.doctor of visit.booked has no "nme"; is it "name"? There are name, phone',
    ],
    [
      '{{#if event.zzz}}x{{/if}}',
      'unknown-field: {{event.zzz}}: event of visit.booked has no "zzz"; there are visit_id, at, doctor, note, guests, invoice',
    ],
    [
      '{{event.note}}',
      'may-be-missing: {{event.note}}: it is optional in visit.booked, and without it there is no mail; put {{#if event.note}}…{{/if}} around',
    ],
    [
      '{{#each event.guests}}{{seat}}{{/each}}',
      'may-be-missing: {{event.guests[].seat}}: it is optional in visit.booked, and without it there is no mail; put {{#if this.seat}}…{{/if}} around',
    ],
    [
      '{{event.guests.[0].name}}',
      'may-be-missing: {{event.guests.[0]}}: it is optional in visit.booked, and without it there is no mail; put {{#if event.guests.[0]}}…{{/if}} around',
    ],
    [
      '{{#each event.note}}x{{/each}}',
      'not-a-list: {{event.note}}: it is no list in visit.booked, {{#each}} shows nothing of it',
    ],
    [
      '{{event.doctor}}',
      'object-as-value: {{event.doctor}}: it is an object in visit.booked, not a value; there are name, phone',
    ],
    [
      '{{event.guests}}',
      'list-as-value: {{event.guests}}: it is a list in visit.booked: go over it with {{#each event.guests}}',
    ],
    [
      '{{#if event.guests.name}}x{{/if}}',
      'list-as-object: {{event.guests.name}}: event.guests of visit.booked is a list: go over it with {{#each event.guests}}',
    ],
    [
      '{{#if event.invoice}}{{event.invoice.card}}{{/if}}',
      'secret-field: {{event.invoice.card}}: event.invoice.card of visit.booked is secret: no mail may use it',
    ],
    [
      '{{#event.note}}x{{/event.note}}',
      'bare-block: {{#event.note}} means what its value makes of it: write {{#if}}, {{#each}} or {{#with}}',
    ],
    [
      '{{person.name}}',
      'may-be-missing: {{person.name}}: not every person has one; put {{#if person.name}}…{{else}}…{{/if}} around it',
    ],
    [
      '{{#if person.nmae}}x{{/if}}',
      'unknown-name: {{person.nmae}}: person has no "nmae"; is it "name"? There are name, locale, time_zone, country',
    ],
    [
      '{{links.unsubscripe}}',
      'unknown-name: {{links.unsubscripe}}: links has no "unsubscripe"; is it "unsubscribe"? There are unsubscribe, preferences, confirm',
    ],
    [
      '{{links.unsubscribe}}',
      'no-such-link: {{links.unsubscribe}}: transactional mail has no such link; put {{#if}} of it around',
    ],
    ['{{links.confirm}}', 'no-such-link: {{links.confirm}}: only mail of the event consent.requested has it'],
    [
      '{{total}}',
      'unknown-name: {{total}}: there is no such name here; a template knows person, event, links, subject, preheader',
    ],
    [
      '{{../event.at}}',
      'unknown-name: {{../event.at}}: there is no such name here; a template knows person, event, links, subject, preheader',
    ],
    [
      '{{@index}}',
      'unknown-name: {{@index}}: there is no such name here; a template knows person, event, links, subject, preheader',
    ],
    [
      '{{this}}',
      'unknown-name: {{this}}: there is no such name here; a template knows person, event, links, subject, preheader',
    ],
  ])('for %s', (html, message) => expect(found(html)).toEqual([message]));

  it('for a secret even where it is only asked for', () => {
    expect(found('{{#if event.invoice}}{{#if event.invoice.card}}paid{{/if}}{{/if}}')).toHaveLength(1);
  });

  it('for an event that there is not, and for fields without any event', () => {
    expect(found('Hello', { events: ['visit.bookd'] })).toEqual([
      'unknown-event: events: there is no event "visit.bookd"; is it "visit.booked"? There are visit.booked, visit.moved',
    ]);
    expect(found('{{event.at}}', { events: [] })).toEqual([
      'no-event: {{event.at}}: the front matter names no event; add "events:" with its type',
    ]);
  });

  it('for what only one of its events has, and once for what none of them has', () => {
    const events = ['visit.booked', 'visit.moved'];
    expect(found('{{event.visit_id}}', { events })).toEqual([]);
    expect(found('{{event.at}}', { events })).toEqual([expect.stringContaining('it is optional in visit.moved,')]);
    expect(found('{{event.note}}', { events })).toEqual([
      expect.stringContaining('it is optional in visit.booked, visit.moved,'),
    ]);
  });

  it('for a link out of a marketing mail never: both are there, and one stands for the other', () => {
    expect(found('{{links.unsubscribe}}{{links.preferences}}', { class: 'marketing' })).toEqual([]);
    expect(found('{{#if links.unsubscribe}}{{links.preferences}}{{/if}}')).toEqual([]);
    expect(found('{{#if links.confirm}}{{links.unsubscribe}}{{/if}}')).toHaveLength(1);
  });

  it('for what the subject cannot know of itself, and says that it is there', () => {
    expect(found('', {}, { subject: '{{preheader}} {{event.note}}' })).toEqual([
      'unknown-name: {{preheader}}: there is no such name here; a template knows person, event, links (in the subject)',
      expect.stringMatching(/^may-be-missing: .* \(in the subject\)$/),
    ]);
  });

  it('at the place that is told by who knows it', () => {
    const [finding] = checkNeeds(
      needsOf(words('\n{{event.x}}'), 'x/mail.de.mjml'),
      { ...booked, events: ['visit.moved'] },
      schemas,
      ({ line }) => ({ line: line + 10 }),
    );
    expect(finding).toMatchObject({ level: 'error', file: 'x/mail.de.mjml', line: 12 });
  });
});

describe('a sample', () => {
  const sample = { visit_id: 'v_1', at: 1, doctor: { name: 'Grace' } };

  it('fits when one of the events could be like that', () => {
    expect(checkSample({ event: sample }, ['visit.moved', 'visit.booked'], { schemas })).toEqual([]);
    expect(checkSample({ event: {} }, [], { schemas })).toEqual([]);
  });

  it('that no event could be is refused, and each reason is told', () => {
    const wrong = checkSample({ event: { at: 'soon' } }, ['visit.moved'], { schemas, file: 'x/mail.mjml' });
    expect(wrong).toMatchObject([{ rule: 'sample-event', level: 'error', file: 'x/mail.mjml' }]);
    expect(wrong[0]?.message).toMatch(
      /^sample\.event could not be an event visit\.moved \(event\.visit_id: .*; event\.at: /,
    );
  });
});
