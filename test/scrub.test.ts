import { afterEach, describe, expect, it, vi } from 'vitest';

import { cut, withoutAddresses } from '../config/scrub.ts';

afterEach(() => void vi.restoreAllMocks());

describe('a text without addresses', () => {
  it.each([
    ['550 ada@example.com is unknown', '550 [address] is unknown'],
    ['<ada@example.com>, "Grace" <grace+tea@mail.example.com>;', '<[address]>, "Grace" <[address]>;'],
    ['no such user: "quoted local"@example.com', 'no such user: [address]'],
    ['to=ada%40example.com', '[address]'],
    ['ada\uff20example.com and ada\ufe6bexample.com', '[address] and [address]'],
    ['a@b.example@c.example', '[address]@c.example'],
    ['5 @ 3 EUR, @ada, ada@, @', '5 @ 3 EUR, @ada, ada@, @'],
    ['', ''],
  ])('%s', (text, without) => {
    expect(withoutAddresses(text)).toBe(without);
  });

  it('still says in which package something failed', () => {
    const frame = 'at send (/srv/node_modules/@smithy/core/dist/index.js:1:2)';
    expect(withoutAddresses(frame)).toBe(frame);
    const pnpm = 'at /srv/node_modules/.pnpm/@smithy+core@4.1.0/node_modules/@smithy/core/index.js';
    expect(withoutAddresses(pnpm)).toContain('@smithy/core/index.js');
    expect(withoutAddresses('carts/@example.com, ada/@example.com')).not.toContain('ada');
  });

  it('is found with work that grows as the text does, whatever the text is', () => {
    const looks = vi.spyOn(RegExp.prototype, 'test');
    const steps = (text: string) => {
      looks.mockClear();
      withoutAddresses(text);
      return looks.mock.calls.length;
    };
    const size = 100_000;
    for (const piece of ['a', '@', 'a@', '@a', 'a%40', '"@', '"a"@', 'aaaa@ ', '\u{e0100}', `${'a'.repeat(319)}@`]) {
      const text = piece.repeat(Math.ceil(size / piece.length));
      expect(steps(text), piece).toBeLessThanOrEqual(4 * text.length);
    }
    expect(steps('a'.repeat(size))).toBe(0);
    expect(steps(`${'a'.repeat(size)}@${'a'.repeat(size)}`)).toBeLessThan(1_000);
  });
});

it('a text that is cut keeps its beginning', () => {
  expect([cut('abcdef', 3), cut('abc', 3), cut('', 3)]).toEqual(['abc', 'abc', '']);
});
