import { describe, expect, it } from 'vitest';

import { classifySesError } from '../activities/mailers/ses-errors.ts';
import { withoutAddresses } from '../config/scrub.ts';
import type { GateScope, Halt } from '../state/stops.ts';

/** An error as the AWS SDK throws it; status undefined = no answer came. */
interface Thrown {
  name: string;
  status?: number;
  message?: string;
  code?: string;
}

function thrown({ name, status, message = '', code }: Thrown): Error {
  const error = Object.assign(new Error(message), code && { code }, {
    $metadata: status === undefined ? {} : { httpStatusCode: status },
  });
  error.name = name;
  return error;
}

const ada = { from: 'Rivulet <hello@example.com>', to: 'ada@example.com', configurationSet: 'rivulet' };

const failureOf = (error: Thrown) => classifySesError(thrown(error), ada).failure;

/** Halted, with the text that a person reads. `opens`: who can open the gate again. */
const halted = (scope: GateScope, { name, message = '' }: Thrown, opens: Halt['opens'] = 'probe') => ({
  kind: 'halted',
  halt: { scope, reason: name, detail: withoutAddresses(`${name}: ${message}`), opens },
});

const unverified = 'Email address is not verified. The following identities failed the check in region EU-CENTRAL-1:';

describe('what an answer of SES means for the mail', () => {
  const rows: [what: string, error: Thrown, failure: object][] = [
    ['content refused', { name: 'MessageRejected', status: 400, message: 'Contains a virus' }, { kind: 'refused' }],
    ['bad input', { name: 'BadRequestException', status: 400, message: 'Bad header' }, { kind: 'refused' }],
    [
      'a recipient that is not verified, in the sandbox',
      { name: 'MessageRejected', status: 400, message: `${unverified} ada@example.com` },
      { kind: 'refused' },
    ],
    ['a trouble inside SES', { name: 'InternalServiceErrorException', status: 500 }, { kind: 'ambiguous' }],
    ['a bad gateway', { name: 'UnknownError', status: 502 }, { kind: 'ambiguous' }],
    ['a gateway that waited too long', { name: 'UnknownError', status: 504 }, { kind: 'ambiguous' }],
    ['overload', { name: 'ServiceUnavailable', status: 503 }, { kind: 'unavailable' }],
    ['a name and a status nobody knows', { name: 'TeapotException', status: 418 }, { kind: 'ambiguous', alert: true }],
    ['a reply lost after 200', { name: 'Error', status: 200, code: 'ECONNRESET' }, { kind: 'accepted_id_unknown' }],
    ['a reply of 200 that cannot be read', { name: 'SyntaxError', status: 200 }, { kind: 'accepted_id_unknown' }],
  ];

  it.each(rows)('%s', (_what, error, failure) => {
    expect(failureOf(error)).toEqual(failure);
  });

  const gates: [what: string, error: Thrown, scope: GateScope, opens?: Halt['opens']][] = [
    [
      'a From that is not verified',
      { name: 'MessageRejected', status: 400, message: `${unverified} hello@example.com` },
      'identity:hello@example.com',
    ],
    [
      'a domain that is not verified',
      { name: 'MessageRejected', status: 400, message: `${unverified} example.com` },
      'identity:example.com',
    ],
    [
      'a sender and a recipient that are not verified',
      { name: 'MessageRejected', status: 400, message: `${unverified} ada@example.com, hello@example.com` },
      'identity:hello@example.com',
    ],
    [
      'an identity that is not verified and has no name',
      { name: 'MessageRejected', status: 400, message: 'Email address is not verified.' },
      'identity:hello@example.com',
    ],
    [
      'a MAIL FROM domain without DNS',
      { name: 'MailFromDomainNotVerifiedException', status: 400 },
      'identity:example.com',
    ],
    ['a suspended account', { name: 'AccountSuspendedException', status: 400 }, 'account', 'operator'],
    ['paused sending', { name: 'SendingPausedException', status: 400, message: 'For this account.' }, 'account'],
    [
      'paused sending through the configuration set',
      { name: 'SendingPausedException', status: 400, message: 'Paused for configuration set rivulet.' },
      'configuration:rivulet',
    ],
    ['a configuration set that is not there', { name: 'NotFoundException', status: 404 }, 'configuration:rivulet'],
    ...[
      'AccessDeniedException',
      'UnrecognizedClientException',
      'ExpiredTokenException',
      'InvalidSignatureException',
      'InvalidClientTokenId',
      'ANameNobodyKnows',
    ].map((name): [string, Thrown, GateScope] => [
      `credentials that do not hold (${name})`,
      { name, status: 403 },
      'credentials',
    ]),
    [
      'no credentials at all',
      { name: 'CredentialsProviderError', message: 'Could not load credentials' },
      'credentials',
    ],
  ];

  it.each(gates)('%s closes a gate', (_what, error, scope, opens = 'probe') => {
    expect(failureOf(error)).toEqual(halted(scope, error, opens));
  });
});

describe('when no answer came', () => {
  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])(
    '%s: the connection was never made, so the mail did not leave',
    (code) => {
      expect(failureOf({ name: 'Error', code })).toEqual({ kind: 'unavailable' });
      const wrapped = Object.assign(new Error('failed'), { cause: Object.assign(new Error(code), { code }) });
      expect(classifySesError(wrapped, ada).failure).toEqual({ kind: 'unavailable' });
    },
  );

  it('nor did it when the SDK says that it could not connect in time', () => {
    const message = '@smithy/node-http-handler - the request socket did not establish a connection with the server';
    expect(failureOf({ name: 'TimeoutError', message })).toEqual({ kind: 'unavailable' });
  });

  it.each<Thrown>([
    { name: 'TimeoutError', code: 'ECONNRESET' },
    { name: 'TimeoutError', code: 'EPIPE' },
    { name: 'TimeoutError', code: 'ETIMEDOUT', message: 'Request timed out' },
    { name: 'TimeoutError', message: 'Connection timed out after 10000 ms' },
    { name: 'AbortError', message: 'Request aborted' },
    { name: 'Error', code: 'ECONNRESET', message: 'socket hang up' },
  ])('$name $code: it may have left', (error) => {
    expect(failureOf(error)).toEqual({ kind: 'ambiguous' });
  });

  it.each([undefined, null, 'a text', 7, new TypeError('x is not a function')])(
    '%s is thrown: it may have left',
    (it) => {
      expect(classifySesError(it, ada).failure).toEqual({ kind: 'ambiguous' });
    },
  );
});

describe('a mail that came too fast waits', () => {
  const names = ['TooManyRequestsException', 'ThrottlingException', 'Throttling'];
  const waitOf = (error: Thrown) => {
    const failure = failureOf(error);
    return 'retryAfterMs' in failure ? failure.retryAfterMs : 0;
  };

  it.each(names)('%s over the rate: a second or two', (name) => {
    const error = { name, status: 429, message: 'Maximum sending rate exceeded.' };
    expect(failureOf(error)).toMatchObject({ kind: 'throttled', overRate: true });
    expect(waitOf(error)).toBeGreaterThanOrEqual(1_000);
    expect(waitOf(error)).toBeLessThanOrEqual(2_000);
  });

  it.each(names)('%s in other words: half a minute and more', (name) => {
    const error = { name, status: 429, message: 'Service is busy' };
    expect(failureOf(error)).toEqual({ kind: 'throttled', retryAfterMs: expect.any(Number) });
    expect(waitOf(error)).toBeGreaterThanOrEqual(30_000);
    expect(waitOf(error)).toBeLessThanOrEqual(600_000);
  });

  it.each([...names, 'LimitExceededException'])('%s with the day used up: until the quota has room', (name) => {
    const error = { name, status: 400, message: 'Daily message quota exceeded.' };
    expect(failureOf(error).kind).toBe('quota_spent');
    expect(waitOf(error)).toBeGreaterThanOrEqual(60_000);
  });

  it('too many resources: five minutes and more, and the gate of the account when it happens again', () => {
    const error = { name: 'LimitExceededException', status: 400, message: 'Too many instances of the resource.' };
    const { halt: thenHalt } = halted('account', error);
    expect(failureOf(error)).toEqual({ kind: 'throttled', retryAfterMs: expect.any(Number), thenHalt });
    expect(waitOf(error)).toBeGreaterThanOrEqual(300_000);
    expect(waitOf(error)).toBeLessThanOrEqual(600_000);
  });

  it('429 under a name nobody knows: a second or two', () => {
    const error = { name: 'SlowDown', status: 429 };
    expect(failureOf(error)).toMatchObject({ kind: 'throttled', overRate: true });
    expect(waitOf(error)).toBeLessThanOrEqual(2_000);
  });

  it('and not all at the same instant', () => {
    const error = { name: 'Throttling', status: 429, message: 'Maximum sending rate exceeded.' };
    expect(new Set(Array.from({ length: 10 }, () => waitOf(error))).size).toBeGreaterThan(1);
  });
});

it('what SES says of an address is kept without the address', () => {
  const { message } = classifySesError(
    thrown({ name: 'MessageRejected', status: 400, message: `${unverified} ada@example.com, <grace@example.com>` }),
    ada,
  );
  expect(message).toBe(`MessageRejected: ${unverified} [address], <[address]>`);
});
