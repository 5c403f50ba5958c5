import { createServer, type AddressInfo, type Server } from 'node:net';

import type { SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Mailer } from '../activities/mailers/mailer.ts';
import { classifySmtpError } from '../activities/mailers/smtp-errors.ts';
import { createSmtpMailer } from '../activities/mailers/smtp.ts';
import {
  failureOf,
  gate,
  noCheck,
  type Provider,
  putAway,
  type SmtpProvider,
  type Stage,
  startSmtp,
  type Trouble,
  toAda,
} from './support/providers.ts';

let provider: Provider;
let mailer: Mailer;
const stop = () => putAway(mailer, provider);

describe('an SMTP server', () => {
  let smtp: SmtpProvider;
  const start = async (options?: SMTPServerOptions) => {
    provider = smtp = await startSmtp(options);
    mailer = smtp.mailer(10_000);
  };
  afterEach(stop);

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

  it('gets no email in the clear from another machine either', async () => {
    await start({ disabledCommands: ['AUTH', 'STARTTLS'], authOptional: true });
    mailer.close();
    mailer = createSmtpMailer({ url: `smtp://0.0.0.0:${smtp.port}`, requestTimeoutMs: 10_000, concurrency: 1 });
    expect((await failureOf(mailer.send(toAda, noCheck))).failure).toEqual({ kind: 'unavailable' });
    expect(await smtp.taken()).toEqual([]);
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
  ])('that nobody knows (%o): the mail may have left once the message had begun, and not before', (thrown) => {
    expect(classifySmtpError(thrown, { from, messageBegun: true }).failure).toMatchObject({ kind: 'ambiguous' });
    expect(classifySmtpError(thrown, { from, messageBegun: false }).failure).toEqual({ kind: 'unavailable' });
  });

  it.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID', 'EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER'])(
    '%s closes the gate of the account until that is put right',
    (originalCode) => {
      const thrown = { code: 'ESOCKET', originalCode, command: 'CONN' };
      expect(classifySmtpError(thrown, { from, messageBegun: false }).failure).toMatchObject({
        kind: 'halted',
        halt: { scope: 'account', reason: originalCode, opens: 'probe' },
      });
    },
  );

  it('says its code, its enhanced code and a sentence of ours; the text of the server is kept beside it', () => {
    const response = '550 5.1.1 <ada@example.com>: Ada is unknown in local recipient table';
    const thrown = { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550, response, message: `no: ${response}` };
    const error = classifySmtpError(thrown, { from, messageBegun: false, recipient: ['ada@example.com', 'Ada L.'] });
    expect(error.message).toBe('SMTP 550 (5.1.1): the SMTP server refuses the recipient');
    expect(error).toMatchObject({
      providerText: 'no: 550 5.1.1 <[address]>: [recipient] is unknown in local recipient table',
    });
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
