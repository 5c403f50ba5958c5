import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MailLog } from '../local/ses/mail-log.ts';
import type { Mail } from '../local/ses/mail.ts';
import { Mailbox } from '../local/ses/mailbox.ts';
import { SendingRecord } from '../local/ses/sending-record.ts';

let count = 0;

function mail(change: Partial<Mail> = {}): Mail {
  count += 1;
  return {
    id: `m${count}`,
    acceptedAt: count,
    from: 'hello@example.com',
    to: ['ada@example.com'],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: 'Welcome',
    preview: '',
    tags: {},
    headers: [],
    attachments: [],
    fates: { 'ada@example.com': 'delivered' },
    bodyDropped: false,
    ...change,
  };
}

function mailbox(options: { maxMails?: number; maxBytes?: number; log?: MailLog } = {}) {
  return new Mailbox({ maxMails: 100, maxBytes: 1_000_000, ...options });
}

const KILOBYTE = 'x'.repeat(1024);

describe('a mailbox stays within its bounds', () => {
  test('the oldest mails go when there are too many', () => {
    const box = mailbox({ maxMails: 3 });
    const ids = Array.from({ length: 5 }, () => {
      const entry = mail();
      box.add(entry);
      return entry.id;
    });
    expect(box.list().map(({ id }) => id)).toEqual(ids.slice(2).toReversed());
    expect(box.find(ids[0] ?? '')).toBeUndefined();
  });

  test('the oldest bodies go when there are too many bytes, but the mails stay listed', () => {
    const box = mailbox({ maxBytes: 10_000 });
    const ids = Array.from({ length: 8 }, () => {
      const entry = mail({ html: KILOBYTE.repeat(2) });
      box.add(entry);
      return entry.id;
    });
    expect(box.bytes).toBeLessThanOrEqual(10_000);
    expect(box.size).toBe(8);
    expect(box.find(ids[0] ?? '')).toBeUndefined();
    expect(box.summaryOf(ids[0] ?? '')).toMatchObject({ bodyDropped: true, subject: 'Welcome' });
    expect(box.find(ids[7] ?? '')?.html).toHaveLength(2048);
  });

  test('ten thousand mails of 19 KB take no more than the bound', () => {
    const box = mailbox({ maxMails: 2000, maxBytes: 4_000_000 });
    const html = KILOBYTE.repeat(19);
    for (let n = 0; n < 10_000; n++) box.add(mail({ html }));
    expect(box.bytes).toBeLessThanOrEqual(4_000_000);
    expect(box.size).toBeLessThanOrEqual(2000);
    expect(JSON.stringify(box.list({}, { limit: Infinity })).length).toBeLessThan(4_000_000);
  });

  test('one mail larger than the bound is listed without its body', () => {
    const box = mailbox({ maxBytes: 2000 });
    box.add(mail({ html: KILOBYTE.repeat(5) }));
    expect(box.list()).toMatchObject([{ bodyDropped: true }]);
    box.add(mail());
    expect(box.list()).toHaveLength(2);
  });
});

describe('a mailbox is searched', () => {
  const box = mailbox();
  const toAda = mail({ to: ['Ada <Ada@example.com>'], subject: 'Welcome, Ada' });
  const toGrace = mail({ to: ['grace@example.com'], tags: { 'rivulet-key': 'k1' } });
  const hidden = mail({ to: [], bcc: ['ada@example.org'] });
  for (const entry of [toAda, toGrace, hidden]) box.add(entry);
  const ids = (...found: Parameters<Mailbox['list']>) => box.list(...found).map(({ id }) => id);

  test('by recipient, in any case and field', () => {
    expect(ids({ to: 'ADA@' })).toEqual([hidden.id, toAda.id]);
    expect(ids({ to: 'nobody' })).toEqual([]);
  });

  test('by subject, tag and time', () => {
    expect(ids({ subject: ', ada' })).toEqual([toAda.id]);
    expect(ids({ tag: { name: 'rivulet-key', value: 'k1' } })).toEqual([toGrace.id]);
    expect(ids({ since: toGrace.acceptedAt })).toEqual([hidden.id, toGrace.id]);
  });

  test('page by page', () => {
    expect(ids({}, { limit: 2 })).toEqual([hidden.id, toGrace.id]);
    expect(ids({}, { limit: 2, before: toGrace.id })).toEqual([toAda.id]);
  });
});

test('waiting for a mail ends when it comes, and when it does not', async () => {
  const box = mailbox();
  const waiting = box.waitFor({ to: 'grace@example.com' }, { count: 2 });
  for (const to of ['grace@example.com', 'ada@example.com', 'grace@example.com']) box.add(mail({ to: [to] }));
  expect(await waiting).toHaveLength(2);
  await expect(box.waitFor({ to: 'nobody@example.com' }, { timeoutMs: 10 })).rejects.toThrow(/saw 0/);
});

describe('an inbox on disk', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'ses-inbox-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const open = (maxMails = 100, maxBytes = 1_000_000) =>
    mailbox({ maxMails, maxBytes, log: new MailLog(dir, maxBytes) });
  const file = () => readFileSync(join(dir, 'inbox.jsonl'), 'utf8');

  test('survives a restart', () => {
    const kept = mail({ html: '<p>Hi</p>' });
    open().add(kept);
    expect(open().find(kept.id)).toEqual(kept);
  });

  test('survives a line torn by a crash', () => {
    const kept = mail();
    open().add(kept);
    appendFileSync(join(dir, 'inbox.jsonl'), '{"id":"torn","subj');
    expect(open().list()).toMatchObject([{ id: kept.id }]);
    expect(open().list()).toHaveLength(1);
  });

  test('forgets what was cleared, and the oldest beyond the bound', () => {
    const box = open();
    for (let n = 0; n < 5; n++) box.add(mail());
    expect(open(2).list()).toHaveLength(2);
    expect(file().trim().split('\n')).toHaveLength(2);
    open().clear();
    expect(open().size).toBe(0);
  });

  test('does not grow without end', () => {
    const box = open(100, 20_000);
    for (let n = 0; n < 200; n++) box.add(mail({ html: KILOBYTE }));
    expect(file().length).toBeLessThanOrEqual(40_000);
    expect(open(100, 20_000).list().length).toBeGreaterThan(5);
  });
});

describe('the record of what was sent', () => {
  test('counts each key for ever, whatever the mailbox has dropped', () => {
    const record = new SendingRecord();
    for (let n = 0; n < 3; n++) record.accept(n, 'k1', 1);
    record.accept(4, undefined, 1);
    expect(record.stats()).toMatchObject({ accepted: 4, byTag: { k1: 3 }, keysNotCounted: 0 });
    expect(record.timesAccepted('k1')).toBe(3);
    expect(record.timesAccepted('k2')).toBe(0);
  });

  test('knows the busiest calendar second and the busiest 1000 ms', () => {
    const record = new SendingRecord();
    // Four within 1000 ms, but never more than three within one calendar second.
    for (const time of [1500, 1900, 2100, 2499, 2500, 5000]) record.accept(time, undefined, 1);
    expect(record.stats().busiestWindow).toEqual({ start: 1500, count: 4 });
    expect(record.stats().perSecond).toEqual({ second: 2, count: 3 });
  });

  test('counts recipients over a rolling day', () => {
    const record = new SendingRecord();
    const hour = 3_600_000;
    record.accept(100 * hour, undefined, 50);
    record.accept(110 * hour, undefined, 1);
    expect(record.sentLast24Hours(111 * hour)).toBe(51);
    expect(record.sentLast24Hours(125 * hour)).toBe(1);
    expect(record.sentLast24Hours(140 * hour)).toBe(0);
  });

  test('starts anew when it is told to', () => {
    const record = new SendingRecord();
    record.request('SendEmail');
    record.refusal('BadRequestException');
    record.accept(1, 'k1', 1);
    record.reset();
    expect(record.stats()).toMatchObject({ accepted: 0, requests: {}, refused: {}, byTag: {} });
    expect(record.stats().busiestWindow.count).toBe(0);
  });
});
