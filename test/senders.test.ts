import { describe, expect, it } from 'vitest';

import { parseConfig } from '../config/parse.ts';
import { sendersOf } from '../config/senders.ts';
import { splitDefault } from '../templates/compile/front-matter.ts';

function configured(text: string) {
  const { config, mistakes } = parseConfig('rivulet.yaml', text, () => []);
  return { mistakes: mistakes.join('\n'), sender: config && sendersOf(config) };
}

const template = (more: string) =>
  splitDefault(`---\nsubject: Hello\nclass: transactional\n${more}\n---\n<mjml></mjml>`);

describe('whose an email is', () => {
  const { sender } = configured(`
provider: { from: 'Tea <hello@example.com>', reply_to: help@example.com }
topics:
  offers: { title: Offers, from: 'Tea offers <offers@bücher.example>' }
  onboarding: { title: Start, reply_to: 'start@example.com' }
`);

  it('is what its template says, else its topic, else the provider, each header by itself', () => {
    expect(sender?.({})).toEqual({ from: 'Tea <hello@example.com>', replyTo: 'help@example.com' });
    expect(sender?.({ topic: 'offers' })).toEqual({
      from: 'Tea offers <offers@xn--bcher-kva.example>',
      replyTo: 'help@example.com',
    });
    expect(sender?.({ topic: 'onboarding' })).toEqual({
      from: 'Tea <hello@example.com>',
      replyTo: 'start@example.com',
    });
    expect(sender?.({ topic: 'offers', from: 'cto@example.com', replyTo: 'ceo@example.com' })).toEqual({
      from: 'cto@example.com',
      replyTo: 'ceo@example.com',
    });
    expect(sender?.({ topic: 'unknown' })).toMatchObject({ from: 'Tea <hello@example.com>' });
  });

  it('has no Reply-To unless somebody says so', () => {
    expect(configured('provider: {}').sender?.({})).toEqual({ from: 'Rivulet <hello@example.com>' });
  });

  it.each([
    ['provider.reply_to', 'provider: { reply_to: nobody }'],
    ['provider.from', 'provider: { from: "Tea <a@example.com>, <b@example.com>" }'],
    ['topics.offers.from', 'topics: { offers: { title: Offers, from: "Tea" } }'],
    [
      'topics.offers.reply_to',
      'topics: { offers: { title: Offers, reply_to: "a@example.com\\r\\nBcc: b@example.com" } }',
    ],
    ['links.unsubscribe_mailto', 'links: { unsubscribe_mailto: "mailto:leave@example.com" }'],
  ])('%s must be one address', (key, text) => {
    expect(configured(text).mistakes).toContain(key);
  });

  it('may be said in the front matter of a template, as one address', () => {
    expect(template('from: "Ada <ada@example.com>"\nreply_to: help@example.com')).toMatchObject({
      matter: { from: 'Ada <ada@example.com>', reply_to: 'help@example.com' },
    });
    expect(template('from: nobody')).toEqual({
      mistakes: [{ line: 4, message: expect.stringContaining('from must be one address') }],
    });
  });
});
