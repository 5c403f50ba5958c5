import { withoutAddresses } from '../../config/scrub.ts';
import { MailerError, type SendFailure } from '../failures.ts';

/** What can be read from an error of the AWS SDK, whatever its class. */
interface SdkError {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
  cause?: unknown;
}

const minute = 60_000;

/**
 * What an error of SES means for the mail. Decided by name, status and message: no error class of the SDK says by itself
 * whether it may be retried. What nobody knows is ambiguous, since the mail may have left.
 */
export function classifySesError(thrown: unknown, mail: { to: string }): MailerError {
  const error = (thrown ?? {}) as SdkError;
  const detail = withoutAddresses(`${error.name ?? 'Error'}: ${error.message ?? String(thrown)}`);
  return new MailerError(classify(error, mail), detail);
}

function classify(error: SdkError, mail: { to: string }): SendFailure {
  const status = error.$metadata?.httpStatusCode;
  const message = error.message ?? '';
  // SES said 200 and the rest of the answer was lost or unreadable: it has the mail.
  if (status === 200) return { kind: 'accepted_id_unknown' };
  switch (error.name) {
    case 'TooManyRequestsException':
    case 'ThrottlingException':
    case 'Throttling':
    case 'LimitExceededException':
      return throttled(error.name, message);
    case 'MessageRejected':
      return rejected(message, mail);
    case 'MailFromDomainNotVerifiedException':
      return { kind: 'halted', scope: 'identity' };
    case 'AccountSuspendedException':
    case 'SendingPausedException':
      return { kind: 'halted', scope: 'account' };
    case 'NotFoundException':
      return { kind: 'halted', scope: 'configuration' };
    case 'BadRequestException':
      return { kind: 'refused' };
    case 'AccessDeniedException':
    case 'UnrecognizedClientException':
    case 'ExpiredTokenException':
    case 'InvalidSignatureException':
    case 'InvalidClientTokenId':
    case 'CredentialsProviderError':
      return { kind: 'halted', scope: 'credentials' };
    default:
      return status === undefined ? classifyConnection(error) : classifyStatus(status);
  }
}

/**
 * An unverified sender is the operator's to put right, and everybody's mail waits for it. In the sandbox SES says the
 * same of an unverified recipient: that is one person's mail, and stops nobody else's.
 */
function rejected(message: string, { to }: { to: string }): SendFailure {
  if (!/not verified/i.test(message)) return { kind: 'refused' };
  const named = message.toLowerCase().match(/[^\s,:]+@[^\s,:]+/g) ?? [];
  const onlyTheRecipient = named.length > 0 && named.every((address) => address === to.toLowerCase());
  return onlyTheRecipient ? { kind: 'refused' } : { kind: 'halted', scope: 'identity' };
}

function throttled(name: string, message: string): SendFailure {
  if (/daily .*quota/i.test(message)) return { kind: 'quota_spent', retryAfterMs: 5 * minute };
  if (name === 'LimitExceededException') return { kind: 'throttled', retryAfterMs: 5 * minute };
  // Over the rate passes within a second; any other throttle is a trouble of the service and takes longer.
  const base = /rate/i.test(message) ? 1_000 : 30_000;
  return { kind: 'throttled', retryAfterMs: base * (1 + Math.random()) };
}

/** No answer at all: only a connection that was never made is known not to have carried the mail. */
function classifyConnection(error: SdkError): SendFailure {
  const code = error.code ?? (error.cause as SdkError | undefined)?.code ?? '';
  const neverConnected =
    ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code) ||
    /did not establish a connection/i.test(error.message ?? '');
  return neverConnected ? { kind: 'unavailable' } : { kind: 'ambiguous' };
}

function classifyStatus(status: number): SendFailure {
  if (status === 429) return { kind: 'throttled', retryAfterMs: 1_000 * (1 + Math.random()) };
  if (status === 503) return { kind: 'unavailable' };
  if (status === 403) return { kind: 'halted', scope: 'credentials' }; // whatever its name: SES let nobody in
  return { kind: 'ambiguous' };
}
