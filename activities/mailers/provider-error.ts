import { cut } from '../../config/scrub.ts';
import { MailerError, type SendFailure } from '../failures.ts';
import { maskedText } from './masked-text.ts';

/** What may be repeated of a provider's answer in Temporal, logs, gates and `/readyz`: words and numbers of closed lists. */
export interface Answer {
  /** One of the names that we know, such as `MessageRejected`, `SMTP 550` or `ECONNREFUSED`. */
  name: string;
  /** HTTP status, or SMTP's enhanced code. */
  code?: number | string;
  /** A sentence of ours. */
  sentence: string;
}

/** `MessageRejected (400): SES rejects this email`. */
export function inWords({ name, code, sentence }: Answer): string {
  return `${name}${code === undefined ? '' : ` (${code})`}: ${sentence}`;
}

/** A provider did not accept an email. The message is ours; what the provider wrote is `providerText` alone. */
export class ProviderError extends MailerError {
  readonly answer: Answer;
  /**
   * The provider's own text, at most 500 characters, with what it says of the recipient masked. A personal field of a fact: it must
   * not enter Temporal, a log, a gate or a page.
   */
  readonly providerText: string;

  constructor(failure: SendFailure, answer: Answer, text: unknown, recipient: readonly string[]) {
    super(failure, inWords(answer));
    this.answer = answer;
    this.providerText = maskedText(text, recipient);
  }
}

/** A reading call to the provider failed. Its message is ours; the provider's text is dropped. */
export class ReadingError extends Error {
  override readonly name = 'ReadingError';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(inWords(answer));
    this.answer = answer;
  }
}

/** Node's and OpenSSL's codes, such as `ECONNRESET` and `CERT_HAS_EXPIRED`, from which no provider can speak. */
export function systemCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : undefined;
}

/** The texts of providers are cut before any pattern reads them. */
export function toRead(text: unknown): string {
  return cut(typeof text === 'string' ? text : '', 2_000);
}
