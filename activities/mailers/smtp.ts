import { isIPv4 } from 'node:net';
import type { Readable } from 'node:stream';

import { createTransport, type SMTPPoolOptions } from 'nodemailer';
import PQueue from 'p-queue';

import { mailboxOf } from '../../events/address.ts';
import { domainOf } from '../../store/stops.ts';
import { MailerError } from '../failures.ts';
import type { Mail, Mailer } from './mailer.ts';
import { ReadingError } from './provider-error.ts';
import { answerOf } from './smtp-answers.ts';
import { classifySmtpError } from './smtp-errors.ts';

export interface SmtpSettings {
  /** smtp://user:password@host:port or smtps://…; user and password are percent-encoded. */
  url: string;
  /** How long one mail may take once it is its turn, in milliseconds. */
  requestTimeoutMs: number;
  /** Sends under way at once. They share `mostConnections` connections. */
  concurrency: number;
  /** Waits for the turn of a probe; without it a probe goes at once. */
  readingTurn?: () => Promise<void>;
}

/** Servers count connections, and refuse a client with too many of them. */
const mostConnections = 10;

/** The activity is given 20 s and a mail may take 15 of them: one that has waited longer for a connection waits outside. */
const longestWaitMs = 4_000;

/**
 * Any provider by SMTP. The id of a mail is its Message-ID, made from the tag: a mail that had to be sent again carries
 * the same one, so that a receiver may know it for the same mail.
 */
export function createSmtpMailer(settings: SmtpSettings): Mailer {
  const { requestTimeoutMs, readingTurn } = settings;
  const connections = Math.min(settings.concurrency, mostConnections);
  const transport = createTransport(toPool(settings, connections));
  const turns = new PQueue({ concurrency: connections });

  // The stream that the connection reads a message from, by the signal that its send was given. Whether a byte of it was
  // read tells whether the mail may have left: a broken connection does not say so.
  const messages = new WeakMap<AbortSignal, Readable>();
  transport.use('stream', (mail, done) => {
    const { signal } = mail.data;
    mail.message.processFunc((message) => {
      if (signal) messages.set(signal, message);
      return message;
    });
    done();
  });

  const sendOnce = async (mail: Mail, lastCheck: () => Promise<void>): Promise<string> => {
    // After it a connection may still have to be opened: the pool says only that there is room for one.
    await lastCheck();
    // The socket's own time-outs count silence, and a server may answer one letter at a time.
    const signal = AbortSignal.timeout(requestTimeoutMs);
    try {
      const { messageId } = await transport.sendMail({ ...toMessage(mail), signal });
      return messageId.replaceAll(/[<>]/g, '');
    } catch (error) {
      const messageBegun = messages.get(signal)?.readableDidRead === true;
      const recipient = [mail.to, ...(mail.personal ?? [])];
      throw classifySmtpError(error, { from: mail.from, recipient, messageBegun });
    }
  };

  return {
    send(mail, lastCheck) {
      const since = performance.now();
      return turns.add(() => {
        if (performance.now() - since <= longestWaitMs) return sendOnce(mail, lastCheck);
        throw new MailerError({ kind: 'unavailable' }, `No SMTP connection was free within ${longestWaitMs} ms`);
      });
    },
    readAccount: () => Promise.resolve(undefined),
    async isOver({ scope }) {
      if (scope !== 'credentials' && scope !== 'account') {
        const sentence = `only an email shows whether it is over; when it is, run: rivulet gate open ${scope}`;
        throw new ReadingError({ name: 'SMTP', sentence });
      }
      await readingTurn?.();
      try {
        await transport.verify();
        return true;
      } catch (error) {
        const { failure } = classifySmtpError(error, { from: '', messageBegun: false });
        if (failure.kind === 'halted') return false;
        throw new ReadingError(answerOf(error ?? {}));
      }
    },
    close: () => transport.close(),
  };
}

function toPool({ url, requestTimeoutMs }: SmtpSettings, connections: number): SMTPPoolOptions & { pool: true } {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === 'smtps:';
  const host = hostname.replaceAll(/^\[|\]$/g, '');
  // Half of the time is for getting in, so that the other half is left for the mail.
  const toGetIn = Math.ceil(requestTimeoutMs / 2);
  return {
    pool: true,
    host,
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !isThisMachine(host),
    ...(username === '' ? {} : login(decodeURIComponent(username), decodeURIComponent(password))),
    maxConnections: connections,
    // The pool would send a mail once more after its connection was lost: late, and after its last check.
    maxRequeues: 0,
    connectionTimeout: toGetIn,
    dnsTimeout: toGetIn,
    greetingTimeout: toGetIn,
    socketTimeout: requestTimeoutMs,
    // Before the socket's time-out does it the hard way, and long before a server does it in the middle of a mail.
    idleTimeout: toGetIn,
    socketCloseTimeout: 1_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Emails and the password cross no network in the clear, also when whoever sits on the wire hides that the server knows STARTTLS. */
function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Always logs in: a probe that skips the login would open the gate of bad credentials. */
function login(user: string, pass: string) {
  return { auth: { user, pass }, forceAuth: true };
}

function toMessage({ from, replyTo, to, subject, html, text, headers, tag, groups }: Mail) {
  const sender = headerMailbox(from);
  return {
    // As objects: a text would be read as a list of addresses.
    from: sender,
    ...(replyTo !== undefined && { replyTo: headerMailbox(replyTo) }),
    to: { name: '', address: to },
    envelope: { from: sender, to: { name: '', address: to } },
    subject,
    html,
    text,
    messageId: `<${tag}@${domainOf(sender.address)}>`,
    headers: [
      ...headers.map(({ name, value }) => ({ key: name, value })),
      ...feedbackId(groups),
      { key: 'X-Rivulet-Key', value: tag },
    ],
    xMailer: false as const,
  };
}

function headerMailbox(text: string) {
  const { name = '', address } = mailboxOf(text);
  return { name, address };
}

/** Gmail groups its reports of complaints by the parts of this header; the last one is the same for all that this product sends. */
function feedbackId(groups: Mail['groups']) {
  const [a, b] = ['ses:feedback-id-a', 'ses:feedback-id-b'].map((name) => groups?.[name]);
  return b === undefined
    ? []
    : [{ key: 'Feedback-ID', value: `${a ?? ''}:${b}:${groups?.['template'] ?? ''}:rivulet` }];
}
