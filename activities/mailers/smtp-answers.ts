import { type Answer, systemCode } from './provider-error.ts';

/** What can be read from an error of nodemailer, whatever its class. */
export interface SmtpError {
  /** nodemailer's name for the step that failed; a system error such as ECONNREFUSED arrives as ESOCKET. */
  code?: string;
  /** The system's own code then. */
  originalCode?: string;
  /** The command that was answered; `CONN` for everything that answers none, also in the middle of a mail. */
  command?: string;
  /** Absent when no answer came. */
  responseCode?: number;
  /** The whole answer. */
  response?: string;
  message?: string;
}

/** Of an answer its code, its enhanced code and a sentence of ours: by the command that was answered. */
export function answerOf({ code, originalCode, command = '', responseCode, response = '' }: SmtpError): Answer {
  if (responseCode === undefined || !(responseCode >= 200 && responseCode <= 599)) {
    const name = systemCode(originalCode) ?? systemCode(code) ?? 'UnknownError';
    return { name, sentence: code === 'EAUTH' ? 'no login was possible' : 'the SMTP server gave no answer' };
  }
  const enhanced = /^[245]\d\d[ -]([245]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(response.slice(0, 32))?.[1];
  const refuses = responseCode < 500 ? 'for now the SMTP server does not take' : 'the SMTP server refuses';
  return {
    name: `SMTP ${responseCode}`,
    ...(enhanced !== undefined && { code: enhanced }),
    sentence: `${refuses} ${whatIsRefused(command)}`,
  };
}

function whatIsRefused(command: string): string {
  if (command.startsWith('AUTH')) return 'the login';
  switch (command) {
    case 'MAIL FROM':
      return 'the sender';
    case 'RCPT TO':
      return 'the recipient';
    case 'DATA':
      return 'the message';
    default:
      return 'the connection';
  }
}
