import { AccountSuspendedException, ListEmailTemplatesCommand } from '@aws-sdk/client-sesv2';
import { describe, expect, test } from 'vitest';
import { localSes, welcome } from './support/local-ses.ts';

const local = localSes();

test('an operation the stand-in does not have is an error the SDK can name', async () => {
  await expect(local.ses.send(new ListEmailTemplatesCommand({}))).rejects.toMatchObject({
    name: 'UnknownOperationException',
    $metadata: { httpStatusCode: 404 },
  });
});

describe('what is not even a request of the SDK', () => {
  const signed = {
    authorization: `AWS4-HMAC-SHA256 Credential=a/20260101/eu-central-1/ses/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
  };
  const post = (body: string, headers: Record<string, string>) =>
    fetch(`${local.standIn.url}/v2/email/outbound-emails`, { method: 'POST', body, headers });

  test.each([
    ['without a signature', '{}', {}, 403, 'MissingAuthenticationTokenException'],
    ['with a password', '{}', { authorization: 'Basic YTpi' }, 403, 'MissingAuthenticationTokenException'],
    ['with half a document', '{"Content":', signed, 400, 'SerializationException'],
    [
      'with a string for a list',
      '{"Destination":{"ToAddresses":"a@example.com"}}',
      signed,
      400,
      'SerializationException',
    ],
    ['with a list for a document', '[]', signed, 400, 'SerializationException'],
    ['with an empty document', '{}', signed, 400, 'BadRequestException'],
  ])('%s', async (_, body, headers, status, name) => {
    const reply = await post(body, headers);
    expect([reply.status, reply.headers.get('x-amzn-errortype')]).toEqual([status, name]);
    expect(await reply.json()).toEqual({ message: expect.any(String) });
  });
});

test('an error of the plan arrives as the class the SDK has for it', async () => {
  const message = 'Account is permanently restricted.';
  local.standIn.faults.add({ action: { type: 'error', name: 'AccountSuspendedException', status: 400, message } });
  const error = await local.refusal(welcome());
  expect(error).toBeInstanceOf(AccountSuspendedException);
  expect(error).toMatchObject({ message });
});
