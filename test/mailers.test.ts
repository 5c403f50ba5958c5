import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Mailer } from '../activities/mailers/mailer.ts';
import {
  failureOf,
  gate,
  noCheck,
  openSockets,
  type Provider,
  putAway,
  startSes,
  startSmtp,
  toAda,
} from './support/providers.ts';

let provider: Provider;
let mailer: Mailer;
const stop = () => putAway(mailer, provider);

describe.each([
  { name: 'SES', start: startSes },
  { name: 'SMTP', start: startSmtp },
])('a mail to Ada by $name', ({ start }) => {
  beforeEach(async () => {
    provider = await start();
    mailer = provider.mailer(10_000);
  });
  afterEach(stop);

  it('arrives as it was written, and has an id', async () => {
    const id = await mailer.send(toAda, noCheck);
    expect(id).toMatch(/^[^\s<>]+$/);
    const [mail, ...others] = await provider.taken();
    expect(others).toEqual([]);
    expect(mail).toEqual({ ...toAda, headers: expect.arrayContaining([...toAda.headers]) });
    expect(provider.asked()).toBe(1);
  });

  it('says where replies go', async () => {
    await mailer.send({ ...toAda, replyTo: '"Tea, help" <help@example.com>' }, noCheck);
    await mailer.send(toAda, noCheck);
    const replies = (await provider.taken()).map(
      ({ headers }) => headers.find(({ name }) => name === 'Reply-To')?.value,
    );
    expect(replies.filter((value) => value !== undefined)).toEqual([expect.stringContaining('<help@example.com>')]);
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
    const error = await failureOf(mailer.send(toAda, noCheck));
    expect(error.failure).toEqual({ kind: 'refused' });
    expect(error.message).not.toMatch(/@|address\]|ada/);
    expect(error).toMatchObject({ providerText: expect.stringContaining('[address]') });
    expect(error).not.toHaveProperty('cause');
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
