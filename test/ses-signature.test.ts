import { SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assertSigned } from '../local/ses/signature.ts';
import { startSesStandIn } from '../local/ses/stand-in.ts';
import type { SesStandIn } from '../local/ses/stand-in.ts';

const signature = `AWS4-HMAC-SHA256 Credential=local/x, SignedHeaders=host, Signature=${'0'.repeat(64)}`;
const now = Date.UTC(2026, 10, 24, 11, 30, 0);
const minute = 60_000;

const refusalOf = (date: string) => {
  try {
    assertSigned(signature, date, now);
    return 'taken';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a signature', () => {
  test.each([
    ['20261124T113000Z', 'taken'],
    ['20261124T112500Z', 'taken'],
    ['20261124T113500Z', 'taken'],
    [
      '20261124T112459Z',
      'Signature expired: 20261124T112459Z is now earlier than 20261124T112500Z (20261124T113000Z - 5 min.)',
    ],
    [
      '20261124T113501Z',
      'Signature not yet current: 20261124T113501Z is still later than 20261124T113500Z (20261124T113000Z + 5 min.)',
    ],
    ['yesterday', "Date must be in ISO-8601 'basic format'. Got 'yesterday'."],
  ])('of %s at half past eleven: %s', (date, said) => {
    expect(refusalOf(date)).toBe(said);
  });
});

describe('a client whose clock is wrong', () => {
  let standIn: SesStandIn;
  let ses: SESv2Client;

  beforeEach(async () => {
    standIn = await startSesStandIn();
  });
  afterEach(async () => {
    ses.destroy();
    await standIn.close();
  });

  const send = () =>
    ses.send(
      new SendEmailCommand({
        FromEmailAddress: 'hello@example.com',
        Destination: { ToAddresses: ['ada@example.com'] },
        Content: { Simple: { Subject: { Data: 'Hi' }, Body: { Text: { Data: 'Hi' } } } },
      }),
    );

  test.each([-60 * minute, 60 * minute])('by %i ms is refused, learns the time, and is let in', async (offMs) => {
    ses = new SESv2Client({
      endpoint: standIn.url,
      region: 'eu-central-1',
      maxAttempts: 1,
      systemClockOffset: offMs,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    await expect(send()).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
    });
    expect(standIn.record.stats()).toMatchObject({ accepted: 0, refused: { InvalidSignatureException: 1 } });

    await expect(send()).resolves.toHaveProperty('MessageId');
    expect(standIn.record.stats().accepted).toBe(1);
  });

  test('by four minutes is let in', async () => {
    ses = new SESv2Client({
      endpoint: standIn.url,
      region: 'eu-central-1',
      maxAttempts: 1,
      systemClockOffset: 4 * minute,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    await expect(send()).resolves.toHaveProperty('MessageId');
  });
});
