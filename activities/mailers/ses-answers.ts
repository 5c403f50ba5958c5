import { type Answer, systemCode, toRead } from './provider-error.ts';

/** What can be read from an error of the AWS SDK, whatever its class. */
export interface SdkError {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number; clockSkewCorrected?: boolean };
}

const credentials = 'SES does not accept the AWS credentials of this worker, or they may not do this';
const tooFast = 'SES takes no more requests for now';
const inside = 'SES has an internal error';
const away = 'SES is not available';

/** Every name that SES and the SDK give an error, and what we say of it. Nothing else of an answer is repeated. */
const sentences: Readonly<Record<string, string>> = {
  TooManyRequestsException: tooFast,
  ThrottlingException: tooFast,
  Throttling: tooFast,
  LimitExceededException: 'a limit of the SES account is reached',
  MessageRejected: 'SES rejects this email, or an identity in it that is not verified',
  MailFromDomainNotVerifiedException: 'the MAIL FROM domain is not verified',
  AccountSuspendedException: 'the SES account may not send any more',
  SendingPausedException: 'sending is paused for the SES account or the configuration set',
  NotFoundException: 'SES does not know something that the request names, such as the configuration set',
  BadRequestException: 'SES takes the request to be invalid',
  AccessDeniedException: credentials,
  AccessDenied: credentials,
  UnrecognizedClientException: credentials,
  ExpiredToken: credentials,
  ExpiredTokenException: credentials,
  InvalidSignatureException: credentials,
  SignatureDoesNotMatch: credentials,
  IncompleteSignature: credentials,
  MissingAuthenticationToken: credentials,
  NotAuthorized: credentials,
  OptInRequired: credentials,
  RequestExpired: credentials,
  InvalidClientTokenId: credentials,
  CredentialsProviderError: 'this worker has no AWS credentials, or they could not be loaded',
  InternalFailure: inside,
  InternalServiceErrorException: inside,
  InternalServerException: inside,
  ServiceUnavailable: away,
  ServiceUnavailableException: away,
};

/** Of an answer its name, its status and a sentence of ours. */
export function answerOf(error: SdkError): Answer {
  const { name = '', $metadata } = error;
  const status = $metadata?.httpStatusCode;
  const code = status === undefined ? {} : { code: status };
  const sentence = Object.hasOwn(sentences, name) ? sentences[name] : undefined;
  if (sentence !== undefined) return { name, ...code, sentence };
  if (status !== undefined) return { name: 'UnknownAnswer', ...code, sentence: ofStatus(status) };
  return { name: systemCode(error.code) ?? 'UnknownError', sentence: 'SES gave no answer' };
}

function ofStatus(status: number): string {
  if (status === 200) return 'SES accepted the email, and its answer could not be read';
  return status < 500 ? 'SES refuses the request for a reason that is not known here' : inside;
}

/** For decisions only: it is never repeated. */
export function messageOf({ message }: SdkError): string {
  return toRead(message);
}
