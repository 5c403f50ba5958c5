import { addressOf, type GateScope, type Halt } from '../../store/stops.ts';
import type { MailerError, SendFailure } from '../failures.ts';
import { inWords, ProviderError, toRead } from './provider-error.ts';
import { answerOf, type SmtpError } from './smtp-answers.ts';
import { isMisconfigured } from '../../runtime/tls-codes.ts';

/** The mail that an error is about, and how far it got. */
export interface Attempted {
  from: string;
  /** What says who it is for: masked in the provider's text. */
  recipient?: readonly string[];
  /**
   * Whether the connection had taken the first byte of the message. Until then the mail cannot have left; a socket that
   * breaks reports the same code before and after, so the error alone does not tell.
   */
  messageBegun: boolean;
}

const minute = 60_000;

const dailyQuota = /daily .*(quota|limit)/is;

/** Greylisting carries 4.7.1 too, but says nothing about our rate. */
const tooFast = (message: string) =>
  /\b4\.7\.\d+\b|\brate|too many|throttl/i.test(message) && !/gr[ae]y-?list/i.test(message);

/** A connection that was never made, or that broke. */
const broken =
  /^(ECONNECTION|ETIMEDOUT|ESOCKET|EDNS|ETLS|EPROTOCOL|EABORT|ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;

/**
 * What an error of SMTP means for the mail. An answer is decided by its code and the command that it answers; where no
 * answer came, by whether the message had begun to leave: before that the mail cannot have left, after it nobody knows.
 */
export function classifySmtpError(thrown: unknown, mail: Attempted): MailerError {
  const error = (thrown ?? {}) as SmtpError;
  const answer = answerOf(error);
  const failure = classify({ ...error, message: toRead(error.message) }, mail, inWords(answer));
  const didNotLeave = failure.kind === 'ambiguous' && !mail.messageBegun;
  const known: SendFailure = didNotLeave ? { kind: 'unavailable' } : failure;
  return new ProviderError(known, answer, error.message, mail.recipient ?? []);
}

function classify(error: SmtpError, mail: Attempted, detail: string): SendFailure {
  const { code, command, responseCode: answer, message = '' } = error;
  const halted = (scope: GateScope, opens: Halt['opens']): SendFailure => ({
    kind: 'halted',
    halt: { scope, reason: answerOf(error).name, detail, opens },
  });
  if (!mail.messageBegun && isMisconfigured(error.originalCode ?? code ?? '')) return halted('account', 'probe');
  if (answer === undefined && code !== 'EAUTH') return classifySilence(error, mail);
  // The message was under way and this answers no command of ours: nobody knows whether it was taken.
  if (mail.messageBegun && command !== 'DATA') return { kind: 'ambiguous' };
  if (dailyQuota.test(message)) return { kind: 'quota_spent', retryAfterMs: 5 * minute };
  const temporary = answer !== undefined && ((answer >= 400 && answer < 500) || answer === 503);
  if (code === 'EAUTH') return temporary ? { kind: 'unavailable' } : halted('credentials', 'probe');
  if (temporary) return classifyDelay(command, message);
  if (answer === undefined || answer < 500) return { kind: 'ambiguous', alert: true };
  // Asked for at any command by a server that lets nobody send without a login.
  if ([530, 534, 535, 538].includes(answer)) return halted('credentials', 'probe');
  switch (command) {
    case 'CONN':
    case 'EHLO':
    case 'HELO':
      // 521 and 554 before any mail: the server refuses us, not a mail. It is a whole answer only as EPROTOCOL. A gate
      // shows it to a person, where retries would hide it; and a probe reads the same greeting, so it opens by itself.
      return code === 'EPROTOCOL' ? halted('account', 'probe') : { kind: 'unavailable' };
    case 'STARTTLS':
      return { kind: 'unavailable' };
    case 'MAIL FROM':
      // 552 says that this one mail is too large; every other refusal is of the sender.
      return answer === 552 ? { kind: 'refused' } : halted(`identity:${addressOf(mail.from)}`, 'operator');
    case 'RCPT TO':
    case 'DATA':
      // Many servers, Postfix among them, keep what they hold against the client or the sender until the recipient is
      // named. Every mail would get this answer, and a connection without a mail does not show whether it is over.
      if (/relay(ing)? (access )?(is )?(denied|not permitted)|client host rejected/i.test(message))
        return halted('account', 'operator');
      return refusesSender(message, mail)
        ? halted(`identity:${addressOf(mail.from)}`, 'operator')
        : { kind: 'refused' };
    default:
      return { kind: 'ambiguous', alert: true };
  }
}

/** No answer came. */
function classifySilence({ code = '', message = '' }: SmtpError, { messageBegun }: Attempted): SendFailure {
  // nodemailer itself did not take the envelope: no server has seen it.
  if (code === 'EENVELOPE' && !messageBegun) return { kind: 'refused' };
  if (!broken.test(code) && message !== 'Connection pool was closed') return { kind: 'ambiguous', alert: true };
  return messageBegun ? { kind: 'ambiguous' } : { kind: 'unavailable' };
}

/** "Not now": a rate passes within a second; anything else takes its time. */
function classifyDelay(command: string | undefined, message: string): SendFailure {
  return command !== 'STARTTLS' && tooFast(message)
    ? { kind: 'throttled', retryAfterMs: 1_000 * (1 + Math.random()), overRate: true }
    : { kind: 'unavailable' };
}

function refusesSender(message: string, { from }: Attempted): boolean {
  return (
    /sender address rejected/i.test(message) ||
    (/not verified/i.test(message) && message.toLowerCase().includes(addressOf(from)))
  );
}
