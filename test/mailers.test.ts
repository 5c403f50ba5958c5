import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MailerError } from '../activities/failures.ts';
import type { Mail, Mailer } from '../activities/mailers/mailer.ts';
import { createSesMailer } from '../activities/mailers/ses.ts';
import { classifySmtpError } from '../activities/mailers/smtp-errors.ts';
import { createSmtpMailer } from '../activities/mailers/smtp.ts';
import { decodeHeaderText } from '../local/ses/encode-text.ts';
import type { FaultAction } from '../local/ses/faults.ts';
import { startSesStandIn } from '../local/ses/stand-in.ts';
import type { Gate, GateScope } from '../state/stops.ts';

/** A provider that a mailer is tested against, and the troubles that it can be in. */
interface Provider {
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

const toAda: Mail = {
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

const noCheck = () => Promise.resolve();

async function failureOf(send: Promise<unknown>): Promise<MailerError> {
  const error = await send.then(
    () => new Error('it was sent'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof MailerError) return error;
  throw error;
}

const gate = (scope: GateScope): Gate => ({ scope, reason: '', detail: '', opens: 'probe', since: 0 });

const openSockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

async function startSes(): Promise<Provider> {
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
        const { from, to, subject, html = '', text = '', headers, tags } = mail;
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

type Stage = 'connect' | 'auth' | 'from' | 'to' | 'data';
type Trouble = { code: number; text: string } | 'reset' | 'silence';

interface SmtpProvider extends Provider {
  port: number;
  /** Puts the server in trouble when the client has come this far. */
  trouble(at: Stage, what: Trouble): void;
  logins(): number;
  dropConnections(): void;
}

async function startSmtp(options: SMTPServerOptions = {}): Promise<SmtpProvider> {
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

let provider: Provider;
let mailer: Mailer;

/** Stops what a test has started, and looks that nothing of it is left. */
async function putAway(): Promise<void> {
  mailer.close();
  await provider.stop();
  vi.unstubAllEnvs();
  await vi.waitFor(() => expect(openSockets()).toBe(0), { interval: 5 });
}

describe.each([
  { name: 'SES', start: startSes },
  { name: 'SMTP', start: startSmtp },
])('a mail to Ada by $name', ({ start }) => {
  beforeEach(async () => {
    provider = await start();
    mailer = provider.mailer(10_000);
  });
  afterEach(putAway);

  it('arrives as it was written, and has an id', async () => {
    const id = await mailer.send(toAda, noCheck);
    expect(id).toMatch(/^[^\s<>]+$/);
    const [mail, ...others] = await provider.taken();
    expect(others).toEqual([]);
    expect(mail).toEqual({ ...toAda, headers: expect.arrayContaining([...toAda.headers]) });
    expect(provider.asked()).toBe(1);
  });

  it('is checked once more before the provider hears of it', async () => {
    const heard: number[] = [];
    await mailer.send(toAda, async () => void heard.push(provider.asked()));
    expect(heard).toEqual([0]);
    expect(provider.asked()).toBe(1);
  });

  it('stays here when that check says no, and the caller gets its very words', async () => {
    const no = new Error('a person pressed pause');
    await expect(mailer.send(toAda, () => Promise.reject(no))).rejects.toBe(no);
    expect(provider.asked()).toBe(0);
    await mailer.send(toAda, noCheck);
    expect(await provider.taken()).toHaveLength(1);
  });

  it('goes out once each, when there are more mails than connections', async () => {
    const tags = Array.from({ length: 40 }, (_, i) => `mail-${i}`);
    const ids = await Promise.all(tags.map((tag) => mailer.send({ ...toAda, tag }, noCheck)));
    expect(new Set(ids).size).toBe(tags.length);
    expect((await provider.taken()).map(({ tag }) => tag).sort()).toEqual(tags.sort());
    expect(provider.asked()).toBe(tags.length);
  });

  it('is refused for good when the provider does not want her address', async () => {
    provider.refuseRecipient();
    const { failure, message } = await failureOf(mailer.send(toAda, noCheck));
    expect(failure).toEqual({ kind: 'refused' });
    expect(message).toContain('[address]');
    expect(message).not.toContain('@');
    expect(provider.asked()).toBe(1);
    expect(await provider.taken()).toEqual([]);
  });

  it('waits when the provider is asked too much', async () => {
    provider.beTooBusy();
    const { failure, message } = await failureOf(mailer.send(toAda, noCheck));
    expect(failure).toEqual({ kind: 'throttled', retryAfterMs: expect.any(Number), overRate: true });
    expect(message).not.toContain('@');
    expect(provider.asked()).toBe(1);
    expect(await provider.taken()).toEqual([]);
  });

  it('waits when the provider is away', async () => {
    await provider.stop();
    const { failure } = await failureOf(mailer.send(toAda, noCheck));
    expect(failure).toEqual({ kind: 'unavailable' });
    expect(provider.asked()).toBe(0);
  });

  it('may have left when the connection breaks before the answer, and is not sent again', async () => {
    provider.takeTheMailAndReset();
    const { failure } = await failureOf(mailer.send(toAda, noCheck));
    expect(failure).toEqual({ kind: 'ambiguous' });
    expect(await provider.taken()).toHaveLength(1);
    expect(provider.asked()).toBe(1);
  });

  it('may have left when the provider says nothing for too long', async () => {
    provider.takeTheMailAndSayNothing();
    const impatient = provider.mailer(1_000);
    const { failure } = await failureOf(impatient.send(toAda, noCheck)).finally(() => impatient.close());
    expect(failure).toEqual({ kind: 'ambiguous' });
    expect(await provider.taken()).toHaveLength(1);
    expect(provider.asked()).toBe(1);
  });

  it('closes the gate of the credentials when they are refused, until they are put right', async () => {
    provider.refuseCredentials();
    const { failure, message } = await failureOf(mailer.send(toAda, noCheck));
    expect(failure).toMatchObject({ kind: 'halted', halt: { scope: 'credentials', opens: 'probe', detail: message } });
    expect(message).not.toContain('@');
    expect(provider.asked()).toBe(1);

    const isOver = () => mailer.isOver(gate('credentials')).catch((error: Error) => error.message);
    const said = await isOver();
    expect(said).not.toBe(true);
    expect(String(said)).not.toContain('@');
    provider.beWell();
    expect(await isOver()).toBe(true);
    expect(await provider.taken()).toEqual([]);
    await mailer.send(toAda, noCheck);
    expect(await provider.taken()).toHaveLength(1);
  });

  it('leaves no socket open once the mailer is closed', async () => {
    await mailer.send(toAda, noCheck);
    expect(openSockets()).toBeGreaterThan(0);
    mailer.close();
    await vi.waitFor(() => expect(openSockets()).toBe(0), { interval: 5 });
    expect(provider.asked()).toBe(1);
  });

  it('can go after one that failed', async () => {
    provider.refuseRecipient();
    await failureOf(mailer.send(toAda, noCheck));
    provider.beWell();
    provider.takeTheMailAndReset();
    await failureOf(mailer.send(toAda, noCheck));
    provider.beWell();
    await mailer.send({ ...toAda, tag: 'third' }, noCheck);
    expect((await provider.taken()).map(({ tag }) => tag)).toContain('third');
  });
});

describe('an SMTP server', () => {
  let smtp: SmtpProvider;
  const start = async (options?: SMTPServerOptions) => {
    provider = smtp = await startSmtp(options);
    mailer = smtp.mailer(10_000);
  };
  afterEach(putAway);

  const account = { kind: 'halted', halt: { scope: 'account', opens: 'probe' } };
  const locked = { kind: 'halted', halt: { scope: 'account', opens: 'operator' } };
  const credentials = { kind: 'halted', halt: { scope: 'credentials', opens: 'probe' } };
  const identity = { kind: 'halted', halt: { scope: 'identity:hello@example.com', opens: 'operator' } };
  const tooFast = { kind: 'throttled', retryAfterMs: expect.any(Number), overRate: true };
  const unavailable = { kind: 'unavailable' };
  const refused = { kind: 'refused' };
  const quotaSpent = { kind: 'quota_spent', retryAfterMs: 300_000 };

  const answers: [at: Stage, code: number, text: string, failure: object][] = [
    ['connect', 421, '4.3.2 come back later', unavailable],
    ['connect', 421, '4.7.0 too many connections', tooFast],
    ['connect', 521, 'this host takes no mail', account],
    ['connect', 554, '5.7.1 not from your network', account],
    ['auth', 535, '5.7.8 wrong password', credentials],
    ['auth', 534, '5.7.9 not this way', credentials],
    ['auth', 538, '5.7.11 encryption required', credentials],
    ['auth', 454, '4.7.0 temporary authentication failure', unavailable],
    ['auth', 421, '4.3.2 going down', unavailable],
    ['from', 550, '5.7.1 not your address', identity],
    ['from', 553, '5.1.8 no such sender', identity],
    ['from', 530, '5.7.0 authentication required', credentials],
    ['from', 552, '5.3.4 too large', refused],
    ['from', 451, '4.3.0 try again', unavailable],
    ['from', 450, '4.7.1 slower, please', tooFast],
    ['from', 421, '4.3.2 going down', unavailable],
    ['from', 503, '5.5.1 bad sequence', unavailable],
    ['to', 550, '5.1.1 no such user', refused],
    ['to', 553, '5.1.3 not an address', refused],
    ['to', 450, '4.2.0 mailbox busy', unavailable],
    ['to', 450, '4.7.1 greylisted', unavailable],
    ['to', 451, '4.3.0 try again', unavailable],
    ['to', 452, '4.5.3 too many recipients', tooFast],
    ['to', 421, '4.3.2 going down', unavailable],
    ['to', 550, '5.4.5 Daily user sending quota exceeded', quotaSpent],
    ['to', 554, '5.7.1 <ada@example.com>: Relay access denied', locked],
    ['to', 554, '5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied', locked],
    ['to', 553, '5.7.1 <hello@example.com>: Sender address rejected: not owned by user', identity],
    ['data', 554, '5.6.0 looks like spam', refused],
    ['data', 554, 'Message rejected: Email address is not verified: hello@example.com', identity],
    ['data', 554, 'Message rejected: Email address is not verified: ada@example.com', refused],
    ['data', 451, '4.3.0 try again', unavailable],
    ['data', 421, '4.3.2 going down', unavailable],
    ['data', 454, 'Throttling failure: Maximum sending rate exceeded.', tooFast],
    ['data', 454, 'Throttling failure: Daily message quota exceeded.', quotaSpent],
  ];

  describe.each([{ hidePIPELINING: false }, { hidePIPELINING: true }])('with %o', (options) => {
    it.each(answers)('answers at %s: %i %s', async (at, code, text, failure) => {
      await start(options);
      smtp.trouble(at, { code, text });
      expect((await failureOf(mailer.send(toAda, noCheck))).failure).toMatchObject(failure);
      expect(await smtp.taken()).toEqual([]);
    });

    it.each<[at: Stage, what: Trouble, kind: string]>([
      ['connect', 'reset', 'unavailable'],
      ['connect', 'silence', 'unavailable'],
      ['auth', 'reset', 'unavailable'],
      ['auth', 'silence', 'unavailable'],
      ['from', 'reset', 'unavailable'],
      ['from', 'silence', 'unavailable'],
      ['to', 'reset', 'unavailable'],
      ['to', 'silence', 'unavailable'],
      ['data', 'reset', 'ambiguous'],
      ['data', 'silence', 'ambiguous'],
    ])('at %s: %s: the mail is %s', async (at, what, kind) => {
      await start(options);
      mailer.close();
      mailer = smtp.mailer(1_000);
      smtp.trouble(at, what);
      expect((await failureOf(mailer.send(toAda, noCheck))).failure).toEqual({ kind });
    });
  });

  it('is not sent a mail a second time when it has dropped a connection between two mails', async () => {
    await start();
    await mailer.send(toAda, noCheck);
    smtp.trouble('from', 'reset');
    const { failure } = await failureOf(mailer.send({ ...toAda, tag: 'second' }, noCheck));
    expect(failure).toEqual({ kind: 'unavailable' });
    expect(smtp.asked()).toBe(2);
  });

  it('gets a Message-ID made from the tag, and that is the id of the mail', async () => {
    await start();
    expect(await mailer.send(toAda, noCheck)).toBe('tag-of-this-mail_1@example.com');
    const [mail] = await smtp.taken();
    expect(mail?.headers).toContainEqual({ name: 'Message-ID', value: '<tag-of-this-mail_1@example.com>' });
  });

  it('gets the envelope of one sender and one recipient', async () => {
    const envelopes: string[] = [];
    const note: SMTPServerOptions['onMailFrom'] = ({ address }, _session, go) => {
      envelopes.push(address);
      go();
    };
    await start({ onMailFrom: note, onRcptTo: note });
    await mailer.send(toAda, noCheck);
    expect(envelopes).toEqual(['hello@example.com', 'ada@example.com']);
  });

  it('never gets the password in the clear from another machine', async () => {
    await start();
    mailer.close();
    mailer = createSmtpMailer({
      url: `smtp://rivulet:p%40ss@0.0.0.0:${smtp.port}`,
      requestTimeoutMs: 10_000,
      concurrency: 1,
    });
    expect((await failureOf(mailer.send(toAda, noCheck))).failure).toEqual({ kind: 'unavailable' });
    expect(smtp.logins()).toBe(0);
  });

  it('that knows no login closes the gate of the credentials, and a probe without one does not open it', async () => {
    await start({ disabledCommands: ['AUTH', 'STARTTLS'], authOptional: true });
    expect((await failureOf(mailer.send(toAda, noCheck))).failure).toMatchObject(credentials);
    expect(await mailer.isOver(gate('credentials'))).toBe(false);
    expect(smtp.asked()).toBe(0);
  });

  it('with no connection free lets a mail wait outside, where its last check is not spent', async () => {
    await start();
    mailer.close();
    mailer = createSmtpMailer({
      url: `smtp://rivulet:p%40ss@127.0.0.1:${smtp.port}`,
      requestTimeoutMs: 10_000,
      concurrency: 1,
    });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const first = mailer.send(toAda, () => held);
    const lastCheck = vi.fn<() => Promise<void>>();
    const second = failureOf(mailer.send({ ...toAda, tag: 'second' }, lastCheck));
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 5_000);
    release();
    expect((await second).failure).toEqual({ kind: 'unavailable' });
    clock.mockRestore();
    expect(lastCheck).not.toHaveBeenCalled();
    await first;
    expect(smtp.asked()).toBe(1);
  });

  it('that refused everybody at the door is over when it greets again', async () => {
    await start();
    smtp.trouble('connect', { code: 554, text: '5.7.1 not from your network' });
    expect(await mailer.isOver(gate('account'))).toBe(false);
    smtp.beWell();
    expect(await mailer.isOver(gate('account'))).toBe(true);
    expect(smtp.asked()).toBe(0);
  });

  it('that is away cannot tell whether a gate may open', async () => {
    await start();
    await smtp.stop();
    await expect(mailer.isOver(gate('credentials'))).rejects.toThrow(/ECONNREFUSED/);
  });

  it('cannot tell without a mail whether it takes a sender again', async () => {
    await start();
    await expect(mailer.isOver(gate('identity:hello@example.com'))).rejects.toThrow(
      'rivulet gate open identity:hello@example.com',
    );
  });

  it('says nothing of limits', async () => {
    await start();
    expect(await mailer.readAccount()).toBeUndefined();
  });
});

describe('an error of SMTP', () => {
  const from = 'Rivulet <hello@example.com>';

  it.each([
    undefined,
    null,
    'a text',
    7,
    new TypeError('x is not a function'),
    { code: 'ENEW' },
    { responseCode: 354 },
  ])('that nobody knows (%o): the mail may have left, and a person has to hear of it', (thrown) => {
    for (const messageBegun of [false, true]) {
      const { failure } = classifySmtpError(thrown, { from, messageBegun });
      expect(failure).toMatchObject({ kind: 'ambiguous' });
    }
    expect(classifySmtpError(thrown, { from, messageBegun: false }).failure).toHaveProperty('alert', true);
  });

  it.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'EDNS',
    'ETLS',
    'ECONNECTION',
    'ETIMEDOUT',
    'ESOCKET',
  ])('%s: did not leave before the message had begun, may have left after it', (code) => {
    const failure = (messageBegun: boolean) =>
      classifySmtpError({ code, command: 'CONN', message: '' }, { from, messageBegun }).failure;
    expect(failure(false)).toEqual({ kind: 'unavailable' });
    expect(failure(true)).toEqual({ kind: 'ambiguous' });
  });

  it('with an answer to nothing, in the middle of the message: the mail may have left', () => {
    const thrown = { code: 'ECONNECTION', command: 'CONN', responseCode: 554, message: 'closed: 554 what' };
    expect(classifySmtpError(thrown, { from, messageBegun: true }).failure).toEqual({ kind: 'ambiguous' });
  });

  it('in many lines is read in all of them', () => {
    const message = '550-5.4.5 Daily user sending\n550 5.4.5 limit exceeded';
    const thrown = { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550, message };
    expect(classifySmtpError(thrown, { from, messageBegun: false }).failure.kind).toBe('quota_spent');
  });
});

it('a server that answers one letter at a time does not hold a mail for ever', async () => {
  const server = await startDripping();
  const url = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const patient = createSmtpMailer({ url, requestTimeoutMs: 1_000, concurrency: 1 });
  try {
    expect((await failureOf(patient.send(toAda, noCheck))).failure).toEqual({ kind: 'ambiguous' });
  } finally {
    patient.close();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Takes a mail, and then begins an answer that never ends. */
async function startDripping(): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('220 hello\r\n');
    socket.on('data', (chunk) => {
      const said = String(chunk);
      if (/^DATA/m.test(said)) socket.write('354 go on\r\n');
      else if (/^(EHLO|MAIL|RCPT)/.test(said)) socket.write('250 fine\r\n');
      else if (said.endsWith('\r\n.\r\n')) {
        socket.write('250');
        const drip = setInterval(() => socket.write('-'), 50);
        socket.once('close', () => clearInterval(drip));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
