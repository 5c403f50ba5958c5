import type { AddressInfo, Socket } from 'node:net';

import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { expect, vi } from 'vitest';

import { MailerError } from '../../activities/failures.ts';
import type { Mail, Mailer } from '../../activities/mailers/mailer.ts';
import { createSesMailer } from '../../activities/mailers/ses.ts';
import { createSmtpMailer } from '../../activities/mailers/smtp.ts';
import { decodeHeaderText } from '../../local/ses/encode-text.ts';
import type { FaultAction } from '../../local/ses/faults.ts';
import { startSesStandIn } from '../../local/ses/stand-in.ts';
import type { Gate, GateScope } from '../../store/stops.ts';

/** A provider that a mailer is tested against, and the troubles that it can be in. */
export interface Provider {
  mailer(requestTimeoutMs: number): Mailer;
  /** How often it was asked to take a mail, whatever it answered. */
  asked(): number;
  /** The mails that it has taken. */
  taken(): Promise<Mail[]>;
  refuseRecipient(): void;
  beTooBusy(): void;
  refuseCredentials(): void;
  takeTheMailAndReset(): void;
  takeTheMailAndSayNothing(): void;
  beWell(): void;
  stop(): Promise<void>;
}

export const toAda: Mail = {
  from: 'Büro Rivulet <hello@example.com>',
  to: 'ada@example.com',
  subject: 'Grüße, Ada – schön, dass du da bist',
  html: '<p>Hallo Ada, schöne Grüße</p>',
  text: 'Hallo Ada, schöne Grüße',
  headers: [
    { name: 'List-Unsubscribe', value: `<http://127.0.0.1:8080/u/${'t'.repeat(120)}>` },
    { name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' },
  ],
  tag: 'tag-of-this-mail_1',
};

export const noCheck = () => Promise.resolve();

export async function failureOf(send: Promise<unknown>): Promise<MailerError> {
  const error = await send.then(
    () => new Error('it was sent'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof MailerError) return error;
  throw error;
}

export const gate = (scope: GateScope): Gate => ({ scope, reason: '', detail: '', opens: 'probe', since: 0 });

export const openSockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

export async function startSes(): Promise<Provider> {
  const ses = await startSesStandIn();
  vi.stubEnv('AWS_ENDPOINT_URL', ses.url);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  const act = (action: FaultAction, operation = 'SendEmail') => ses.faults.add({ match: { operation }, action });
  const refuse = (name: string, status: number, message: string) => act({ type: 'error', name, status, message });
  return {
    mailer: (requestTimeoutMs) =>
      createSesMailer({ configurationSet: 'rivulet', requestTimeoutMs, concurrency: 10, readingTurn: noCheck }),
    asked: () => ses.record.stats().requests.SendEmail ?? 0,
    taken: async () =>
      ses.mailbox.list().flatMap(({ id }) => {
        const mail = ses.mailbox.find(id);
        if (!mail) return [];
        const { from, replyTo, to, subject, html = '', text = '', tags } = mail;
        const headers = [...mail.headers, ...replyTo.map((value) => ({ name: 'Reply-To', value }))];
        const tag = tags['rivulet-key'] ?? '';
        return [{ from: decodeHeaderText(from), to: to.join(), subject, html, text, headers, tag }];
      }),
    refuseRecipient() {
      const told = 'Email address is not verified. The following identities failed the check in region EU-CENTRAL-1:';
      refuse('MessageRejected', 400, `${told} ada@example.com`);
    },
    beTooBusy: () => void refuse('TooManyRequestsException', 429, 'Maximum sending rate exceeded.'),
    refuseCredentials() {
      const message = 'The security token included in the request is invalid.';
      act({ type: 'error', name: 'UnrecognizedClientException', status: 403, message }, '*');
    },
    takeTheMailAndReset: () => void act({ type: 'reset-after-accept' }),
    takeTheMailAndSayNothing: () => void act({ type: 'stall', ms: 60_000, accept: true }),
    beWell: () => ses.faults.clear(),
    stop: () => ses.close(),
  };
}

export type Stage = 'connect' | 'auth' | 'from' | 'to' | 'data';
export type Trouble = { code: number; text: string } | 'reset' | 'silence';

export interface SmtpProvider extends Provider {
  port: number;
  /** Puts the server in trouble when the client has come this far. */
  trouble(at: Stage, what: Trouble): void;
  logins(): number;
  dropConnections(): void;
}

export async function startSmtp(options: SMTPServerOptions = {}): Promise<SmtpProvider> {
  const troubles = new Map<Stage, Trouble>();
  const sockets = new Set<Socket>();
  const raw: Buffer[] = [];
  let asked = 0;
  let logins = 0;
  const dropConnections = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const pass = (stage: Stage, go: (error?: Error) => void) => {
    const trouble = troubles.get(stage);
    if (trouble === 'reset') return dropConnections();
    if (trouble === 'silence') return;
    go(trouble && Object.assign(new Error(trouble.text), { responseCode: trouble.code }));
  };
  const server = new SMTPServer({
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onConnect: (_session, go) => pass('connect', go),
    onAuth({ username, password }, _session, go) {
      logins += 1;
      pass('auth', (error) => go(error, username === 'rivulet' && password === 'p@ss' ? { user: username } : {}));
    },
    onMailFrom(_address, _session, go) {
      asked += 1;
      pass('from', go);
    },
    onRcptTo: (_address, _session, go) => pass('to', go),
    onData(stream, _session, go) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (typeof troubles.get('data') !== 'object') raw.push(Buffer.concat(chunks));
        pass('data', go);
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  server.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const trouble = (at: Stage, what: Trouble) => void troubles.set(at, what);
  return {
    port,
    trouble,
    dropConnections,
    logins: () => logins,
    mailer: (requestTimeoutMs) =>
      createSmtpMailer({ url: `smtp://rivulet:p%40ss@127.0.0.1:${port}`, requestTimeoutMs, concurrency: 10 }),
    // A refused login ends it before the mail is spoken of.
    asked: () => asked + (troubles.has('auth') ? logins : 0),
    taken: () => Promise.all(raw.map(readMail)),
    refuseRecipient: () => trouble('to', { code: 550, text: '5.1.1 <ada@example.com>: no such user' }),
    beTooBusy: () => trouble('to', { code: 452, text: '4.7.28 too many mails for <ada@example.com> at once' }),
    refuseCredentials: () => trouble('auth', { code: 535, text: '5.7.8 rivulet@example.com: credentials invalid' }),
    takeTheMailAndReset: () => trouble('data', 'reset'),
    takeTheMailAndSayNothing: () => trouble('data', 'silence'),
    beWell: () => troubles.clear(),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      dropConnections();
      await closed;
    },
  };
}

async function readMail(raw: Buffer): Promise<Mail> {
  const { from, to = [], subject = '', html = '', text = '', headers } = await PostalMime.parse(raw);
  const { name = '', address = '' } = from ?? {};
  const listed = headers.map(({ originalKey, value }) => ({ name: originalKey, value }));
  return {
    from: `${name} <${address}>`,
    to: to.map((recipient) => recipient.address).join(),
    subject,
    html: html.trim(),
    text: text.trim(),
    headers: listed,
    tag: listed.find((header) => header.name === 'X-Rivulet-Key')?.value ?? '',
  };
}

/** Stops what a test has started, and looks that nothing of it is left. */
export async function putAway(mailer: Mailer, provider: Provider): Promise<void> {
  mailer.close();
  await provider.stop();
  vi.unstubAllEnvs();
  await vi.waitFor(() => expect(openSockets()).toBe(0), { interval: 5 });
}
