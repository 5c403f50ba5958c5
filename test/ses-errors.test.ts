import { describe, expect, it } from 'vitest';

import { AnswerLost, NotReached } from '../activities/mailers/http-handler.ts';
import { ProviderError } from '../activities/mailers/provider-error.ts';
import { classifySesError } from '../activities/mailers/ses-errors.ts';
import type { GateScope, Halt } from '../store/stops.ts';

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

const ada = { from: 'Rivulet <hello@example.com>', to: 'ada@example.com', configurationSet: 'rivulet', begun: true };

const failureOf = (error: Thrown) => classifySesError(thrown(error), ada).failure;

/** Halted, with a sentence of ours that an operator reads. `opens`: who can open the gate again. */
const halted = (scope: GateScope, { name, status }: Thrown, opens: Halt['opens'] = 'probe') => {
  const reason = name === 'ANameNobodyKnows' ? 'UnknownAnswer' : name;
  const detail = expect.stringMatching(status === undefined ? `^${reason}: ` : `^${reason} \\(${status}\\): `);
  return { kind: 'halted', halt: { scope, reason, detail, opens } };
};

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
  it('an email that was not sent since the provider was not reached waits, whatever the code', () => {
    for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET', 'TIMEOUT', 'ENEW']) {
      expect(classifySesError(new NotReached(code), ada).failure).toEqual({ kind: 'unavailable' });
    }
  });

  it('a certificate that is not trusted, or another protocol, closes the gate of the account until that is put right', () => {
    expect(classifySesError(new NotReached('DEPTH_ZERO_SELF_SIGNED_CERT', true), ada).failure).toEqual({
      kind: 'halted',
      halt: {
        scope: 'account',
        reason: 'DEPTH_ZERO_SELF_SIGNED_CERT',
        detail: 'DEPTH_ZERO_SELF_SIGNED_CERT: SES gave no answer',
        opens: 'probe',
      },
    });
  });

  it.each(['ECONNRESET', 'EPIPE', 'TIMEOUT', 'ANSWER_TOO_LARGE'])(
    '%s after the request may have been read: ambiguous',
    (code) => {
      expect(classifySesError(new AnswerLost(code, undefined), ada).failure).toEqual({ kind: 'ambiguous' });
      expect(classifySesError(new AnswerLost(code, 500), ada).failure).toEqual({ kind: 'ambiguous' });
      expect(classifySesError(new AnswerLost(code, 200), ada).failure).toEqual({ kind: 'accepted_id_unknown' });
    },
  );

  const anything = [undefined, null, 'a text', 7, new TypeError('x is not a function')];
  it.each(anything)('%s is thrown: it may have left, but not before the call had begun', (it) => {
    expect(classifySesError(it, ada).failure).toEqual({ kind: 'ambiguous' });
    expect(classifySesError(it, { ...ada, begun: false }).failure).toEqual({ kind: 'unavailable' });
  });

  it('an answer about credentials says nothing about the email: it was not even begun', () => {
    const before = { ...ada, begun: false };
    for (const status of [200, 500, 502, 418]) {
      const error = thrown({ name: 'Error', status });
      expect(classifySesError(error, before).failure).toEqual({ kind: 'unavailable' });
    }
    expect(classifySesError(thrown({ name: 'CredentialsProviderError' }), before).failure.kind).toBe('halted');
  });
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

describe('of what SES says', () => {
  const said = `${unverified} ada@example.com, <grace@example.com>`;
  const error = thrown({ name: 'MessageRejected', status: 400, message: said });

  it('the message has a name, a status and a sentence of ours', () => {
    const { message } = classifySesError(error, ada);
    expect(message).toBe('MessageRejected (400): SES rejects this email, or an identity in it that is not verified');
  });

  it('the text is kept beside it, without addresses', () => {
    const refused = classifySesError(error, ada);
    expect(refused).toBeInstanceOf(ProviderError);
    expect((refused as ProviderError).providerText).toBe(`${unverified} [address], <[address]>`);
    expect(refused.message).not.toContain('identities');
  });

  it('a name that nobody knows is not repeated: it may say anything', () => {
    const odd = { name: 'Zebulon Quackenbush', status: 400, code: 'zq.secret@example.com' };
    expect(classifySesError(thrown(odd), ada).message).toBe(
      'UnknownAnswer (400): SES refuses the request for a reason that is not known here',
    );
  });
});
