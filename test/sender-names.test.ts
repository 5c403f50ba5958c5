import { describe, expect, it } from 'vitest';

import { encodeDisplayName } from '../activities/mailers/mime-words.ts';
import { mailboxOf } from '../events/address.ts';

describe('the name of a sender', () => {
  it.each([
    ['jane@example.com', 'jane@example.com', undefined],
    ['Jane <jane@example.com>', '"Jane" <jane@example.com>', 'Jane'],
    ['"Jane" <jane@example.com>', '"Jane" <jane@example.com>', 'Jane'],
    ['"Jane \\"JJ\\" Doe" <jane@example.com>', '"Jane \\"JJ\\" Doe" <jane@example.com>', 'Jane "JJ" Doe'],
    ['"Doe, Jane" <jane@example.com>', '"Doe, Jane" <jane@example.com>', 'Doe, Jane'],
    ['"back\\\\slash" <jane@example.com>', '"back\\\\slash" <jane@example.com>', 'back\\slash'],
    ['André <a@example.com>', '=?UTF-8?B?QW5kcsOp?= <a@example.com>', 'André'],
  ])('%s is sent as %s', (from, sent, name) => {
    expect(encodeDisplayName(from)).toBe(sent);
    expect(mailboxOf(from).name).toBe(name);
  });
});
