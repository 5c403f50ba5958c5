import { describe, expect, it } from 'vitest';

import { prepare } from '../templates/catalogue.ts';
import { namelessSubject, render } from '../templates/render.ts';
import { oneLine, safeText } from '../templates/safe-text.ts';

const letters = (text: string) => [...new Intl.Segmenter().segment(text)].length;
const family = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}';
const england = '\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}';

describe('a value comes through unchanged', () => {
  it.each([
    ['Arabic', 'محمد بن سلمان'],
    ['Hebrew', 'שלום, עדה'],
    ['Persian, with joiners that keep letters apart', 'می\u200cخواهم، خانه\u200cها'],
    ['Hindi, with joiners that make half letters', 'क्\u200dष और र्\u200dय'],
    ['Bengali', 'র\u200d্যাব'],
    ['Sinhala', 'ශ්\u200dරී'],
    ['a family', family],
    ['an astronaut with a skin color', '\u{1F469}\u{1F3FD}\u200D\u{1F680}'],
    ['a heart on fire', '\u2764\uFE0F\u200D\u{1F525}'],
    ['a key', '1\uFE0F\u20E3'],
    ['a Japanese name with a variant letter', '葛\u{E0100}飾'],
    ['the flag of England', england],
    ['accents, quotes and blanks', 'Zoë\u00a0O’Brien\tž'],
  ])('when it is %s', (_what, text) => expect(safeText(text)).toBe(text));
});

describe('a value loses', () => {
  it.each([
    ['every mark of direction', '\u061ca\u200e\u200f\u202a\u202e\u2066\u2069b', 'ab'],
    ['fillers that look like nothing', 'a\u115f\u1160\u2800\u3164\uffa0b', 'ab'],
    ['letters without a look', 'a\u00ad\u034f\u180e\u200b\u2060\u206a\u206f\ufeff\ufff9\ufffbb', 'ab'],
    ['joiners between Latin letters', 'v\u200ci\u200da', 'via'],
    ['a joiner behind an emoji that joins nothing', `${family}\u200d`, family],
    ['variation selectors behind Latin letters, and second ones', 'v\ufe0fi\ufe01a 1\ufe0f\ufe0f', 'via 1\ufe0f'],
    ['tags that are no flag', 'a\u{E0061}\u{1F3F4}\u{E0061}\u{E007F}', 'a\u{1F3F4}'],
    ['half letters', 'a\ud83db\ude00', 'a\ufffdb\ufffd'],
  ])('%s', (_what, text, left) => expect(safeText(text)).toBe(left));

  it('all that in a time that does not grow with its square', () => {
    const before = performance.now();
    for (const part of ['\u{E0061}', '\u200d', '\u{1F469}\u200d', 'a\u0301']) {
      safeText(part.repeat(100_000));
      oneLine(part.repeat(100_000));
    }
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});

describe('a subject', () => {
  it('keeps what its author wrote: marks of direction, and flags', () => {
    const words = `\u200fمرحبا\u200f \u2068C++\u2069 ${england}`;
    expect(oneLine(words)).toBe(words);
    expect(oneLine('a\ud83d')).toBe('a\ufffd'); // YAML can write half a letter
  });

  it('has 255 characters at most, whole ones, and says that it goes on', () => {
    expect(oneLine('x'.repeat(255))).toBe('x'.repeat(255));
    expect(oneLine('x'.repeat(200_000))).toBe(`${'x'.repeat(254)}…`);
    expect(oneLine(`${'x '.repeat(127)}${'y'.repeat(50)}`)).toBe(`${'x '.repeat(127).trim()}…`);
    expect(oneLine(family.repeat(90))).toBe(family.repeat(90));
    const cut = oneLine(family.repeat(300));
    expect(cut).toBe(`${family.repeat(letters(cut) - 1)}…`);
    expect(oneLine(`a${'\u0301'.repeat(200_000)}`).length).toBeLessThanOrEqual(1_001);
  });
});

describe('somebody whose name nobody can see', () => {
  const variant = {
    subject: 'Hello{{#if person.name}}, {{person.name}}{{/if}}',
    preheader: '',
    html: '<p>Hello{{#if person.name}}, {{person.name}}{{/if}}</p>',
    text: 'Hello',
    textIsDerived: false,
    file: 'note/mail.mjml',
    sample: { person: {}, event: {} },
  };
  const note = prepare({
    name: 'note',
    version: 'a',
    class: 'transactional',
    events: [],
    defaultLocale: 'en',
    variants: { en: variant },
    sources: {},
  });

  it.each(['\u200d\u200c', '\u3164', '\u2800 \u00a0', '\ufe0f', '\u{E0061}', ''])(
    'is greeted like somebody without one (%j)',
    (name) => {
      const { subject, html } = render(note, { name }, {});
      expect([subject, html]).toEqual(['Hello', '<p>Hello</p>']);
      expect(namelessSubject(note, { name }, {})).toBe('Hello');
    },
  );
});
