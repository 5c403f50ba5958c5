import { beforeEach, describe, expect, it } from 'vitest';

import { createInstallation } from '../../store/postgres/installation.ts';
import { secretCheck, type SecretOfInstallation, whyRefused } from '../../store/secret.ts';
import { ownDatabase } from '../support/database.ts';
import { anotherSecret, secret, thirdSecret } from '../support/secrets.ts';

const own = ownDatabase(20);
beforeEach(() => own.postgres.query({ name: '', text: 'DELETE FROM installation' }));
const installation = () => createInstallation(own.postgres);

describe('an installation', () => {
  it('has the secret of the first process; ten that start at once agree on one, and the others are refused', async () => {
    const secrets = Array.from({ length: 10 }, (_, index) => (index % 2 ? secret : anotherSecret));
    const refused = await Promise.all(secrets.map((one) => installation().agree({ secret: one })));
    const started = secrets.filter((_, index) => refused[index] === undefined);
    expect(started).toHaveLength(5);
    expect(new Set(started).size).toBe(1);
    expect(
      refused.filter((why) => why?.startsWith('RIVULET_SECRET is not the one that this installation')),
    ).toHaveLength(5);
  });

  it('does not get its secret from a process that only verifies', async () => {
    expect(await installation().verify({ secret: anotherSecret })).toBeUndefined();
    expect(await installation().agree({ secret })).toBeUndefined();
    expect(await installation().verify({ secret: anotherSecret })).toContain('is not the one');
  });

  it('lets a process in that has its secret as the previous one: the rotation has not begun', async () => {
    await installation().agree({ secret });
    expect(await installation().agree({ secret: anotherSecret, previous: secret })).toBeUndefined();
    expect(await installation().agree({ secret })).toBeUndefined();
    expect(await installation().agree({ secret: anotherSecret, previous: thirdSecret })).toContain('is not the one');
  });

  it('keeps nothing from which the secret could be known', async () => {
    await installation().agree({ secret });
    const rows = JSON.stringify(await own.postgres.query({ name: '', text: 'SELECT * FROM installation' }));
    expect(rows).toContain(secretCheck(secret));
    expect(rows).not.toContain(secret.slice(0, 16));
    expect(rows).not.toContain(Buffer.from(secret, 'hex').toString('base64url').slice(0, 16));
  });
});

describe('which process may start', () => {
  const [a, b] = [secretCheck(secret), secretCheck(anotherSecret)];
  const before: SecretOfInstallation = { check: a, isRotating: false };
  const rotating: SecretOfInstallation = { check: b, previousCheck: a, isRotating: true };
  const rotated: SecretOfInstallation = { check: b, previousCheck: a, isRotating: false };
  const [current, other, previous] = [
    /^RIVULET_SECRET is not the one that this installation/,
    /^RIVULET_SECRET is the one from before the rotation/,
    /^The secret is being rotated, and RIVULET_SECRET_PREVIOUS is not the one before/,
  ];

  it.each([
    ['the secret', before, { secret }, undefined],
    ['another', before, { secret: anotherSecret }, current],
    ['the new one and this one', before, { secret: anotherSecret, previous: secret }, undefined],
    ['two others', before, { secret: anotherSecret, previous: thirdSecret }, current],
    ['the secret, while it is being rotated', rotating, { secret }, other],
    ['the new one alone, while it is being rotated', rotating, { secret: anotherSecret }, previous],
    ['the new one and a third, meanwhile', rotating, { secret: anotherSecret, previous: thirdSecret }, previous],
    ['both, while it is being rotated', rotating, { secret: anotherSecret, previous: secret }, undefined],
    ['both in reverse: the rotation is to be undone', rotating, { secret, previous: anotherSecret }, undefined],
    ['the secret of before, afterwards', rotated, { secret }, other],
    ['the new one alone, afterwards', rotated, { secret: anotherSecret }, undefined],
    ['both, afterwards', rotated, { secret: anotherSecret, previous: secret }, undefined],
    ['a third, afterwards', rotated, { secret: thirdSecret }, current],
  ])('with %s', (_, installation, secrets, why) => {
    const refused = whyRefused(installation, secrets);
    if (why === undefined) expect(refused).toBeUndefined();
    else expect(refused).toMatch(why);
  });
});
