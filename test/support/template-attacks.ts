/** An event in which nothing is wrong. */
export const harmless = { text: 'x', url: 'https://example.com/' };

export interface Attack {
  /** As the table tells it. */
  what: string;
  /** What somebody wrote into a template. */
  words: string;
  subject?: string;
  /** What came with the event; without it the words alone are the attack. */
  event?: Record<string, unknown>;
  /** `publish`: the template is refused. `send`: that one mail is. `neutral`: it arrives without harm. */
  stops: 'publish' | 'send' | 'neutral';
  /** Part of what is said then, or of what arrives. */
  says: RegExp;
  /** What must not be in the subject or the HTML that arrives. */
  never?: RegExp;
}

/** What Handlebars does by itself, case by case. */
export const attacksOnHandlebars: Attack[] = [
  {
    what: 'strict: a value is missing',
    words: '{{event.text}}',
    event: { url: 'x' },
    stops: 'send',
    says: /"text" not defined/,
  },
  {
    what: '`{{#if}}` of a name that no event has would be silently false',
    words: '{{#if event.txet}}x{{/if}}',
    stops: 'publish',
    says: /has no "txet"; is it "text"\?/,
  },
  {
    what: '`{{#each}}` of a name that no event has would be silently empty',
    words: '{{#each event.lst}}x{{/each}}',
    stops: 'publish',
    says: /has no "lst"; is it "list"\?/,
  },
  {
    what: '`{{#if a.b}}` where `a` may be missing breaks inside Handlebars',
    words: '{{#if event.who.name}}x{{/if}}',
    stops: 'publish',
    says: /\{\{event\.who\}\}: it is optional/,
  },
  { what: 'a helper that there is not', words: '{{shout event.text}}', stops: 'publish', says: /no helper "shout"/ },
  {
    what: '`log`, which writes to the console',
    words: '{{log event.text}}',
    stops: 'publish',
    says: /no helper "log"/,
  },
  {
    what: '`lookup` of a computed name',
    words: '{{lookup event "constructor"}}',
    stops: 'publish',
    says: /no helper "lookup"/,
  },
  {
    what: 'an inline partial or decorator',
    words: '{{#*inline "x"}}y{{/inline}}',
    stops: 'publish',
    says: /decorators are not for templates/,
  },
  {
    what: 'a partial named by data',
    words: '{{> (event.text)}}',
    stops: 'publish',
    says: /a partial is named by one word/,
  },
  {
    what: '`constructor` of a value',
    words: '{{event.constructor.name}}',
    stops: 'publish',
    says: /has no "constructor"/,
  },
  { what: '`__proto__` of a value', words: '{{event.__proto__.x}}', stops: 'publish', says: /has no "__proto__"/ },
  {
    what: '`__proto__` in the data',
    words: '{{event.text}}{{#if event.at}}polluted{{/if}}',
    event: JSON.parse('{"text":"x","url":"x","__proto__":{"at":1}}') as Record<string, unknown>,
    stops: 'neutral',
    says: /x/,
    never: /polluted/,
  },
  { what: '`{{{x}}}`', words: '{{{event.text}}}', stops: 'publish', says: /unescaped; use \{\{\.\.\.\}\}/ },
  { what: '`{{& x}}`', words: '{{& event.text}}', stops: 'publish', says: /unescaped; use \{\{\.\.\.\}\}/ },
  {
    what: 'an object that is shown',
    words: '{{#if event.who}}{{event.who}}{{/if}}',
    stops: 'publish',
    says: /it is an object in note\.made, not a value/,
  },
  {
    what: 'an object where the schema promised text',
    words: '{{event.text}}',
    event: { ...harmless, text: { toString: 'x' } },
    stops: 'send',
    says: /a list or an object as if it were text/,
  },
  {
    what: 'a function in the data would be called',
    words: '{{event.text}}',
    event: {
      url: 'x',
      text: () => {
        throw new Error('it was called');
      },
    },
    stops: 'send',
    says: /"text" not defined/,
  },
  {
    what: 'a syntax tree in the data, for `compile`',
    words: '{{event.text}}',
    event: { ...harmless, text: { type: 'Program', body: [{ type: 'MustacheStatement' }] } },
    stops: 'send',
    says: /a list or an object as if it were text/,
  },
  {
    what: 'Handlebars in a value',
    words: '{{event.text}}',
    event: { ...harmless, text: '{{event.secret}}{{> footer}}' },
    stops: 'neutral',
    says: /\{\{event\.secret\}\}/,
  },
];

const many = (count: number) => Array.from({ length: count }, () => ({ a: 'x' }));
const thrice = '{{#each event.list}}{{#each @root.event.list}}{{#each @root.event.list}}x{{/each}}{{/each}}{{/each}}';

/** On its time, its memory, its files and its secrets. */
export const attacksOnTheWorker: Attack[] = [
  {
    what: 'three nested `{{#each}}` over 300 items (8 s of a blocked worker)',
    words: thrice,
    event: { ...harmless, list: many(300) },
    stops: 'send',
    says: /would repeat more than 10000 times/,
  },
  {
    what: 'a mail of many megabytes',
    words: '{{#each event.list}}{{../event.text}}{{/each}}',
    event: { ...harmless, text: 'x'.repeat(100_000), list: many(100) },
    stops: 'send',
    says: /would be longer than 2097152 characters/,
  },
  {
    what: 'a value of 200,000 blanks (a minute of a blocked worker, were each tried as the last)',
    words: '{{event.text}}',
    event: { ...harmless, text: `a${' '.repeat(200_000)}b` },
    stops: 'neutral',
    says: /\S*b$/m,
  },
  {
    what: 'a template of 5 MB',
    words: 'x'.repeat(5 * 1024 * 1024),
    stops: 'publish',
    says: /a file of a template has at most 65536/,
  },
  {
    what: 'partials that go round in a circle',
    words: '{{> round}}',
    stops: 'publish',
    says: /round in a circle: round -> round/,
  },
  {
    what: 'a file of the machine, by `mj-include`',
    words: '</mj-text><mj-include path="/etc/passwd" /><mj-text>',
    stops: 'publish',
    says: /mj-include: use/,
  },
  {
    what: 'a secret field, even in a test',
    words: '{{#if event.secret}}x{{/if}}',
    stops: 'publish',
    says: /is secret: no mail may use it/,
  },
];
