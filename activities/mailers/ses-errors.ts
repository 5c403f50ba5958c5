import { addressOf, domainOf, type GateScope, type Halt } from '../../store/stops.ts';
import { type MailerError, type SendFailure } from '../failures.ts';
import { NotReached } from './http-handler.ts';
import { type Answer, inWords, ProviderError } from './provider-error.ts';
import { answerOf, messageOf, type SdkError } from './ses-answers.ts';

const minute = 60_000;

/** Which of SES's errors carries this text is not documented: it is looked for in all that can. */
const dailyQuota = /daily .*quota/i;

/** The mail that an error is about, and what it needed. */
export interface Attempted {
  from: string;
  to: string;
  /** What else says who it is for, such as a name: masked in the provider's text. */
  personal?: readonly string[] | undefined;
  configurationSet: string;
  /** The call had begun: until then not even the connection was asked for. */
  begun: boolean;
}

/**
 * What an error of SES means for the mail. Decided by name, status and message: no error class of the SDK says by itself
 * whether it may be retried. What nobody knows is ambiguous if the request could have been read, since the mail may have left.
 */
export function classifySesError(thrown: unknown, mail: Attempted): MailerError {
  const error = (thrown ?? {}) as SdkError;
  const answer = answerOf(error);
  const recipient = [mail.to, ...(mail.personal ?? [])];
  return new ProviderError(classify(thrown, error, mail, answer), answer, error.message, recipient);
}

function classify(thrown: unknown, error: SdkError, mail: Attempted, answer: Answer): SendFailure {
  if (thrown instanceof NotReached) return notReached(thrown, answer);
  const failure = classifyAnswer(error, mail, answer);
  const mayHaveLeft = failure.kind === 'ambiguous' || failure.kind === 'accepted_id_unknown';
  // It answers a call for credentials, or something in here failed.
  return mayHaveLeft && !mail.begun ? { kind: 'unavailable' } : failure;
}

/** Connections come back by themselves. Certificates and protocols are put right by a person, and a probe sees it. */
function notReached({ misconfigured }: NotReached, answer: Answer): SendFailure {
  if (!misconfigured) return { kind: 'unavailable' };
  return { kind: 'halted', halt: { scope: 'account', reason: answer.name, detail: inWords(answer), opens: 'probe' } };
}

function classifyAnswer(error: SdkError, mail: Attempted, answer: Answer): SendFailure {
  const status = error.$metadata?.httpStatusCode;
  const message = messageOf(error);
  const [reason, detail] = [answer.name, inWords(answer)];
  const halted = (scope: GateScope, opens: Halt['opens'] = 'probe'): SendFailure => ({
    kind: 'halted',
    halt: { scope, reason, detail, opens },
  });
  // SES said 200 and the rest of the answer was lost or unreadable: it has the mail.
  if (status === 200) return { kind: 'accepted_id_unknown' };
  switch (error.name) {
    case 'TooManyRequestsException':
    case 'ThrottlingException':
    case 'Throttling':
      return throttled(message);
    case 'LimitExceededException':
      return limitExceeded(message, { scope: 'account', reason, detail, opens: 'probe' });
    case 'MessageRejected': {
      const identity = unverifiedSender(message, mail);
      return identity ? halted(`identity:${identity}`) : { kind: 'refused' };
    }
    case 'MailFromDomainNotVerifiedException':
      return halted(`identity:${domainOf(addressOf(mail.from))}`);
    case 'AccountSuspendedException':
      return halted('account', 'operator');
    case 'SendingPausedException':
      // One name for two switches: only the text tells whether the account is meant or the configuration set.
      return halted(/configuration set/i.test(message) ? `configuration:${mail.configurationSet}` : 'account');
    case 'NotFoundException':
      return halted(`configuration:${mail.configurationSet}`);
    case 'BadRequestException':
      return { kind: 'refused' };
    case 'AccessDeniedException':
    case 'AccessDenied':
    case 'UnrecognizedClientException':
    case 'ExpiredToken':
    case 'ExpiredTokenException':
    case 'InvalidSignatureException':
    case 'SignatureDoesNotMatch':
    case 'IncompleteSignature':
    case 'MissingAuthenticationToken':
    case 'NotAuthorized':
    case 'OptInRequired':
    case 'RequestExpired':
    case 'InvalidClientTokenId':
    case 'CredentialsProviderError':
      return halted('credentials');
    case 'InternalFailure':
    case 'InternalServiceErrorException':
    case 'InternalServerException':
      return { kind: 'ambiguous' };
    case 'ServiceUnavailable':
    case 'ServiceUnavailableException':
      return { kind: 'unavailable' };
    default:
      if (status === 403) return halted('credentials'); // whatever its name: SES let nobody in
      return status === undefined ? { kind: 'ambiguous' } : classifyStatus(status);
  }
}

/**
 * The sender's identity that SES calls unverified: the operator's to put right, and every mail from it waits. In the
 * sandbox SES says the same of an unverified recipient; that is one person's mail and stops nobody else's.
 */
function unverifiedSender(message: string, { from, to }: Attempted): string | undefined {
  if (!/not verified/i.test(message)) return undefined;
  const sender = addressOf(from);
  const listed = (/region [^:]*:(.*)$/is.exec(message)?.[1] ?? '').toLowerCase();
  const named = listed
    .split(/[\s,]+/)
    .map((name) => name.replace(/^[^<]*<|>[^>]*$|\.$/g, ''))
    .filter(Boolean);
  if (named.includes(sender)) return sender;
  if (named.includes(domainOf(sender))) return domainOf(sender);
  return named.length > 0 && named.every((name) => [to.toLowerCase(), domainOf(to.toLowerCase())].includes(name))
    ? undefined
    : sender;
}

function throttled(message: string): SendFailure {
  if (dailyQuota.test(message)) return { kind: 'quota_spent', retryAfterMs: 5 * minute };
  // Over the rate passes within a second; any other throttle is a trouble of the service and takes longer.
  return /rate/i.test(message)
    ? { kind: 'throttled', retryAfterMs: 1_000 * (1 + Math.random()), overRate: true }
    : { kind: 'throttled', retryAfterMs: 30_000 * (1 + Math.random()) };
}

/** The SDK takes this name for a throttle; SES means "too many of something", which seldom passes by itself. */
function limitExceeded(message: string, thenHalt: Halt): SendFailure {
  if (dailyQuota.test(message)) return { kind: 'quota_spent', retryAfterMs: 5 * minute };
  return { kind: 'throttled', retryAfterMs: 5 * minute * (1 + Math.random()), thenHalt };
}

/** An answer without a name that we know: the status is all there is. */
function classifyStatus(status: number): SendFailure {
  if (status === 429) return { kind: 'throttled', retryAfterMs: 1_000 * (1 + Math.random()), overRate: true };
  if (status === 503) return { kind: 'unavailable' };
  if ([500, 502, 504].includes(status)) return { kind: 'ambiguous' };
  return { kind: 'ambiguous', alert: true };
}
