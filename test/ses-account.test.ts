import {
  DeleteSuppressedDestinationCommand,
  GetAccountCommand,
  GetEmailIdentityCommand,
  GetSuppressedDestinationCommand,
  ListSuppressedDestinationsCommand,
  NotFoundException,
  PutSuppressedDestinationCommand,
  SendEmailCommand,
  TooManyRequestsException,
} from '@aws-sdk/client-sesv2';
import { expect, test } from 'vitest';
import { startSesStandIn } from '../local/ses/stand-in.ts';
import { localSes, sesClient, to, welcome } from './support/local-ses.ts';

const local = localSes({ maxSendRate: 5, max24HourSend: 1000 });
const { send, refusal } = local;

test('the account says its quota, and what was sent of it', async () => {
  const before = await local.ses.send(new GetAccountCommand({}));
  await send(welcome(to('ada@example.com', 'grace@example.com')));
  const after = await local.ses.send(new GetAccountCommand({}));

  expect(after).toMatchObject({ SendingEnabled: true, ProductionAccessEnabled: true, EnforcementStatus: 'HEALTHY' });
  expect(after.SendQuota).toMatchObject({ MaxSendRate: 5, Max24HourSend: 1000 });
  expect((after.SendQuota?.SentLast24Hours ?? 0) - (before.SendQuota?.SentLast24Hours ?? 0)).toBe(2);
});

test('a paused account says so and refuses to send until it is opened again', async () => {
  local.standIn.faults.update({ sendingEnabled: false, enforcementStatus: 'SHUTDOWN' });

  expect(await refusal(welcome())).toMatchObject({
    name: 'SendingPausedException',
    $metadata: { httpStatusCode: 400 },
  });
  expect(await local.ses.send(new GetAccountCommand({}))).toMatchObject({
    SendingEnabled: false,
    EnforcementStatus: 'SHUTDOWN',
  });

  local.standIn.faults.update({ sendingEnabled: true });
  await expect(send(welcome())).resolves.toBeDefined();
});

test('over the account’s rate, sends are throttled once that is enforced', async () => {
  const slow = await startSesStandIn({ maxSendRate: 3 });
  const limited = sesClient(slow.url);
  try {
    slow.faults.enforceRate = true;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => limited.send(new SendEmailCommand(welcome()))),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown);
    expect(slow.record.stats().accepted).toBe(3);
    expect(refused).toHaveLength(5);
    expect(refused[0]).toBeInstanceOf(TooManyRequestsException);
    expect(refused[0]).toMatchObject({ message: 'Maximum sending rate exceeded.', $metadata: { httpStatusCode: 429 } });
    expect(slow.record.stats().refused).toEqual({ TooManyRequestsException: 5 });
  } finally {
    limited.destroy();
    await slow.close();
  }
});

test('over the daily quota, which counts recipients, sends are throttled once that is enforced', async () => {
  const small = await startSesStandIn({ maxSendRate: 100, max24HourSend: 3 });
  const limited = sesClient(small.url);
  try {
    const pair = new SendEmailCommand(welcome(to('a@example.com', 'b@example.com')));
    await limited.send(pair);
    small.faults.enforceRate = true;
    await expect(limited.send(pair)).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      message: 'Daily message quota exceeded.',
    });
    await expect(limited.send(new SendEmailCommand(welcome()))).resolves.toBeDefined();
  } finally {
    limited.destroy();
    await small.close();
  }
});

test('every identity is verified', async () => {
  expect(await local.ses.send(new GetEmailIdentityCommand({ EmailIdentity: 'hello@example.com' }))).toMatchObject({
    IdentityType: 'EMAIL_ADDRESS',
    VerifiedForSendingStatus: true,
  });
});

test('an address is put on, found on and taken off the suppression list, in any case', async () => {
  const EmailAddress = 'Ada+List@Example.com';
  await local.ses.send(new PutSuppressedDestinationCommand({ EmailAddress, Reason: 'COMPLAINT' }));

  const found = await local.ses.send(new GetSuppressedDestinationCommand({ EmailAddress: 'ada+list@example.com' }));
  expect(found.SuppressedDestination).toMatchObject({ EmailAddress: 'ada+list@example.com', Reason: 'COMPLAINT' });
  expect(Date.now() - (found.SuppressedDestination?.LastUpdateTime?.getTime() ?? 0)).toBeLessThan(60_000);

  await local.ses.send(new DeleteSuppressedDestinationCommand({ EmailAddress }));
  await expect(local.ses.send(new GetSuppressedDestinationCommand({ EmailAddress }))).rejects.toBeInstanceOf(
    NotFoundException,
  );
});

test('the suppression list is read page by page, by reason and by time', async () => {
  for (const name of ['a', 'b', 'c']) local.standIn.suppressionList.put(`${name}@example.com`, 'BOUNCE');
  local.standIn.suppressionList.put('d@example.com', 'COMPLAINT');

  const first = await local.ses.send(new ListSuppressedDestinationsCommand({ Reasons: ['BOUNCE'], PageSize: 2 }));
  const second = await local.ses.send(
    new ListSuppressedDestinationsCommand({ Reasons: ['BOUNCE'], PageSize: 2, NextToken: first.NextToken }),
  );
  const addresses = [first, second].map((page) =>
    page.SuppressedDestinationSummaries?.map((entry) => entry.EmailAddress),
  );
  expect(addresses).toEqual([['a@example.com', 'b@example.com'], ['c@example.com']]);
  expect(second.NextToken).toBeUndefined();

  const later = await local.ses.send(
    new ListSuppressedDestinationsCommand({ StartDate: new Date(Date.now() + 60_000) }),
  );
  expect(later.SuppressedDestinationSummaries).toEqual([]);
});
