import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createLinks } from '../runtime/links.ts';
import { type Claims, createTokens, longestToken } from '../runtime/tokens.ts';
import { anotherSecret, thirdSecret } from './support/secrets.ts';

const secret = '0123456789abcdef'.repeat(4);
const installation = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const tokens = createTokens({ secret, keys: ['2026', '2025'], installation });
const mail = 'm'.repeat(43);
const claims: Claims = { user: 'ada_1', action: 'unsubscribe', topic: 'offers', mail };
const token = tokens.sign(claims);
const parts = token.split('.') as [string, string, string];
const [, , payload] = parts;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('a token', () => {
  it('gives back what was signed, whatever that was', () => {
    const anyClaims = fc.record(
      {
        user: fc.stringMatching(/^[A-Za-z0-9_.:-]{1,128}$/),
        action: fc.constantFrom('unsubscribe', 'preferences', 'confirm', 'undo'),
        topic: fc.string({ unit: 'grapheme', maxLength: 40 }),
        mail: fc.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        only: fc.constant('leave' as const),
        event: fc.stringMatching(/^[A-Za-z0-9_.:-]{1,128}$/),
        topics: fc.array(fc.string({ maxLength: 20 }), { maxLength: 10 }),
        revoke: fc.array(fc.string({ maxLength: 20 }), { maxLength: 10 }),
        since: fc.nat(),
        until: fc.nat(),
      },
      { requiredKeys: ['user', 'action'] },
    );
    fc.assert(
      fc.property(anyClaims, (said) => {
        expect(tokens.read(tokens.sign(said))).toEqual(said);
      }),
    );
  });

  it('is made of characters that no mail program and no URL changes', () => {
    expect(token).toMatch(/^v1\.2026\.[A-Za-z0-9_-]+$/);
  });

  it('cut at any place is refused', () => {
    for (let length = 0; length < token.length; length++) {
      expect(tokens.read(token.slice(0, length))).toBeUndefined();
      expect(tokens.read(token.slice(token.length - length))).toBeUndefined();
    }
  });

  it('with anything added anywhere is refused', () => {
    for (const more of ['A', '=', '==', '.', '%', ' ', '\n', '\u0000', '/', '..', 'é', token]) {
      expect(tokens.read(token + more)).toBeUndefined();
      expect(tokens.read(more + token)).toBeUndefined();
      for (const index of parts.keys())
        expect(tokens.read(parts.with(index, parts[index] + more).join('.'))).toBeUndefined();
    }
  });

  it('with any one character changed to any other is refused', () => {
    for (let at = 0; at < token.length; at++) {
      for (const other of `${alphabet}.=+/`) {
        if (other === token[at]) continue;
        expect(tokens.read(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined();
      }
    }
  });

  it('spelled another way is refused, though base64 would read the same bytes', () => {
    // Of a length for which base64 leaves bits of its last character unused.
    const one = ['u', 'uu', 'uuu']
      .map((user) => tokens.sign({ ...claims, user }))
      .find((made) => (made.length - 'v1.2026.'.length) % 4 !== 0);
    const last = alphabet.indexOf(one?.at(-1) ?? '');
    const twin = `${one?.slice(0, -1)}${alphabet[last ^ 1]}`;
    const bytesOf = (text = '') => Buffer.from(text.split('.')[2] ?? '', 'base64url');
    expect(bytesOf(twin)).toEqual(bytesOf(one));
    expect(tokens.read(one ?? '')).toBeDefined();
    expect(tokens.read(twin)).toBeUndefined();
    for (const other of [token.toUpperCase(), token.toLowerCase(), `${token}=`, ` ${token}`])
      expect(tokens.read(other)).toBeUndefined();
  });

  it('for one thing cannot be made into one for another', () => {
    const everything = tokens.sign({ ...claims, topic: '*' }).split('.') as typeof parts;
    const centre = tokens.sign({ user: 'ada_1', action: 'preferences' }).split('.') as typeof parts;
    const grace = tokens.sign({ ...claims, user: 'grace_1' }).split('.') as typeof parts;
    for (const [, , other] of [everything, centre, grace]) {
      // The beginning of one and the end of another, at every place.
      for (let at = 1; at < payload.length; at++) {
        expect(tokens.read(`v1.2026.${payload.slice(0, at)}${other.slice(at)}`)).toBeUndefined();
      }
    }
  });

  it('longer than any of ours costs no work', () => {
    expect(tokens.read(`v1.2026.${'A'.repeat(longestToken)}`)).toBeUndefined();
    expect(tokens.read('A.'.repeat(1_000_000))).toBeUndefined();
  });

  it('is nothing that somebody made up', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.base64String(), (any, base64) => {
        for (const made of [any, `v1.2026.${base64}`, `v1.2026.${payload}.${any}`])
          expect(tokens.read(made)).toBeUndefined();
      }),
    );
  });

  it('tells nobody who it is for, what it may do, or the secret', () => {
    const bytes = Buffer.from(payload, 'base64url');
    for (const seen of [token, bytes.toString('latin1'), bytes.toString('hex')]) {
      for (const known of ['ada_1', 'offers', 'mmmm', '"u"', secret.slice(0, 16)]) expect(seen).not.toContain(known);
    }
  });

  it('is the same each time, and differs in every part for another topic', () => {
    expect(tokens.sign(claims)).toBe(token);
    const [, , other] = tokens.sign({ ...claims, topic: 'offerz' }).split('.') as typeof parts;
    expect(other).toHaveLength(payload.length);
    expect(other.slice(0, 8)).not.toBe(payload.slice(0, 8));
  });
});

describe('keys', () => {
  it('the first signs, and what an older one signed is still good', () => {
    const before = createTokens({ secret, keys: ['2025'], installation });
    const old = before.sign(claims);
    expect(old).toMatch(/^v1\.2025\./);
    expect(tokens.read(old)).toEqual(claims);
    expect(before.read(token)).toBeUndefined();
  });

  it('one that was taken out is refused', () => {
    const retired = createTokens({ secret, keys: ['2024', '2026'], installation }).sign(claims);
    expect(tokens.read(retired)).toBeUndefined();
  });

  it('of one name do not open what was signed under another', () => {
    expect(tokens.read(parts.with(1, '2025').join('.'))).toBeUndefined();
    expect(tokens.read(parts.with(1, '').join('.'))).toBeUndefined();
    expect(tokens.read(parts.with(1, '__proto__').join('.'))).toBeUndefined();
  });

  it('of another installation are other keys, with the same secret or not', () => {
    const copy = createTokens({ secret, keys: ['2026'], installation: '6f9619ff-8b86-4d01-b42d-00cf4fc96400' });
    expect(copy.read(token)).toBeUndefined();
    const elsewhere = createTokens({ secret: 'ff'.repeat(32), keys: ['2026'], installation });
    expect(elsewhere.read(token)).toBeUndefined();
  });
});

describe('a rotation of the secret', () => {
  const rotated = createTokens({ secret: anotherSecret, previous: secret, keys: ['2026', '2025'], installation });

  it('leaves links of before good while the previous secret is known, and no longer', () => {
    expect(rotated.read(token)).toEqual(claims);
    expect(createTokens({ secret: anotherSecret, keys: ['2026', '2025'], installation }).read(token)).toBeUndefined();
    const older = createTokens({ secret, keys: ['2025'], installation }).sign(claims);
    expect(rotated.read(older)).toEqual(claims);
  });

  it('signs with the new secret alone', () => {
    const now = rotated.sign(claims);
    expect(createTokens({ secret: anotherSecret, keys: ['2026'], installation }).read(now)).toEqual(claims);
    expect(tokens.read(now)).toBeUndefined();
  });

  it('refuses what was changed under the previous secret, and keys that were taken out', () => {
    expect(rotated.read(parts.with(2, `A${payload.slice(1)}`).join('.'))).toBeUndefined();
    expect(rotated.read(createTokens({ secret, keys: ['2024'], installation }).sign(claims))).toBeUndefined();
    expect(
      rotated.read(createTokens({ secret: thirdSecret, keys: ['2026'], installation }).sign(claims)),
    ).toBeUndefined();
  });
});

describe('links', () => {
  it('stand under PUBLIC_URL, with its path and with or without a slash at its end', () => {
    for (const publicUrl of ['https://example.com/mail/', 'https://example.com/mail'])
      expect(createLinks({ publicUrl, tokens }).unsubscribe('ada_1', 'offers', mail)).toBe(
        `https://example.com/mail/u/${token}`,
      );
    const links = createLinks({ publicUrl: 'http://127.0.0.1:8080', tokens });
    const claimsOf = (url: string) => tokens.read(url.slice('http://127.0.0.1:8080/preferences/'.length));
    expect(claimsOf(links.preferences('ada_1'))).toEqual({ user: 'ada_1', action: 'preferences' });
    expect(claimsOf(links.preferences('ada_1', mail))).toEqual({ user: 'ada_1', action: 'preferences', mail });
    expect(claimsOf(links.confirm('ada_1', 'e_1', 'h_1'))).toEqual({
      user: 'ada_1',
      action: 'confirm',
      event: 'e_1',
      address: 'h_1',
    });
  });

  it('fit into a header of SES for the longest user id, and else say so when the worker starts', () => {
    const topics = ['a-topic-with-a-name-of-quite-some-length'];
    expect(() => createLinks({ publicUrl: 'https://mail.example.com', tokens, topics })).not.toThrow();
    const publicUrl = `https://example.com/${'p'.repeat(600)}`;
    expect(() => createLinks({ publicUrl, tokens, topics })).toThrow(/at most 995: shorten PUBLIC_URL/);
    expect(() =>
      createLinks({ publicUrl: `${publicUrl}${'p'.repeat(300)}`, tokens }).unsubscribe('a', 'b', mail),
    ).toThrow(/would have \d+ characters/);
  });
});
