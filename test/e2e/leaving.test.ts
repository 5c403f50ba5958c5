import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import type { Mail } from '../../local/ses/mail.ts';
import { event, person, signedUp } from '../support/events.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let publicUrl: string;

beforeAll(async () => {
  system = await startSystem(inject('servers'));
  ({ pages: publicUrl } = await system.startIngress());
  await system.startWorker({ PUBLIC_URL: publicUrl });
});
afterAll(() => system.stop());

const within = { timeout: 20_000, interval: 20 };
const run = (id: string) => system.client.workflow.getHandle(id);
const statusOf = async (id: string) => (await run(id).describe()).status.name;
const mailsTo = (to: string) => system.ses.mailbox.list({ to });

async function firstMailTo(email: string): Promise<Mail> {
  await expect.poll(() => mailsTo(email).length, within).toBe(1);
  const mail = system.ses.mailbox.find(mailsTo(email)[0]?.id ?? '');
  if (!mail) throw new Error('the mail has gone');
  return mail;
}

const header = (mail: Mail, name: string) => mail.headers.find((each) => each.name === name)?.value ?? '';
const linksIn = (html: string) =>
  [...html.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link.replaceAll('&#x3D;', '='));

describe('somebody who gets a marketing mail', () => {
  it('leaves with the button of their mail program: the run ends within two seconds, and no mail follows', async () => {
    const ada = person('ada');
    const signup = signedUp(ada);
    await system.publish(signup);
    const mail = await firstMailTo(ada.email);
    expect(header(mail, 'List-Unsubscribe-Post')).toBe('List-Unsubscribe=One-Click');
    expect(header(mail, 'List-Id')).toBe('Getting started <onboarding.example.com>');
    const [, link = ''] = /^<(\S+)>$/.exec(header(mail, 'List-Unsubscribe')) ?? [];
    expect(link).toMatch(new RegExp(`^${publicUrl}/u/v1\\.`));

    const began = Date.now();
    const body = 'List-Unsubscribe=One-Click';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const reply = await fetch(link, { method: 'POST', body, headers, redirect: 'manual' });
    expect(reply.status).toBe(200);
    await expect.poll(() => statusOf(signup.event_id), within).toBe('CANCELLED');
    process.stdout.write(`from the click to the end of the run: ${Date.now() - began} ms\n`);

    const again = signedUp(ada, { consent: undefined });
    await system.publish(again);
    await expect
      .poll(
        () =>
          run(again.event_id)
            .result()
            .catch(() => ''),
        within,
      )
      .toBe('no_consent');
    expect(mailsTo(ada.email)).toHaveLength(1);
    const told = await system.rivulet(`person ${ada.user_id}`);
    expect(told.out).toMatch(/one-click unsubscribe/);
    expect(told.out).toMatch(/journey stopped  .*why: opt_out/);
    expect(told.out).not.toContain(ada.email);
  });

  it('whose scanner opens every link of it stays in the journey', async () => {
    const ada = person('ada');
    const signup = signedUp(ada);
    await system.publish(signup);
    const mail = await firstMailTo(ada.email);
    const links = linksIn(mail.html ?? '').filter((link) => link.startsWith(publicUrl));
    expect(links).toHaveLength(2);
    for (const link of links) {
      const page = await fetch(link);
      expect(page.status).toBe(200);
      expect((await fetch(link, { method: 'HEAD' })).status).toBe(200);
    }
    await system.publish(event('project.created', ada.user_id, { project_id: 'p_1' }));
    expect(await run(signup.event_id).result()).toBe('activated');
  });
});

describe('somebody who asks for mail', () => {
  it('is asked once, whether the address is theirs; the link of that mail, pressed, is the consent', async () => {
    const ada = person('ada');
    const asked = event('consent.requested', ada.user_id, {
      contact: { email: ada.email },
      consent: { topics: ['onboarding'], source: 'newsletter form', wording: 'Send me the newsletter.' },
    });
    await system.publish(asked);
    const mail = await firstMailTo(ada.email);
    expect(mail.subject).toBe('Please confirm your subscription');
    const [link = ''] = linksIn(mail.html ?? '').filter((each) => each.startsWith(publicUrl));

    const early = signedUp(ada, { consent: undefined });
    await system.publish(early);
    await expect
      .poll(
        () =>
          run(early.event_id)
            .result()
            .catch(() => ''),
        within,
      )
      .toBe('no_consent');
    await fetch(link);
    expect(await statusOf(asked.event_id)).toBe('RUNNING');

    expect((await fetch(link, { method: 'POST' })).status).toBe(200);
    expect(await run(asked.event_id).result()).toBe('confirmed');
    await system.publish(signedUp(ada, { consent: undefined }));
    await expect.poll(() => mailsTo(ada.email).length, within).toBe(2);
    const { out } = await system.rivulet(`person ${ada.user_id} --export`);
    expect(out).toContain('Send me the newsletter.');
  });

  it('and is answered by a consent to something else is not taken to have confirmed', async () => {
    const ada = person('ada');
    const consent = { topics: ['onboarding'] };
    const asked = event('consent.requested', ada.user_id, { contact: { email: ada.email }, consent });
    await system.publish(asked);
    await firstMailTo(ada.email);
    await system.publish(event('consent.granted', ada.user_id, { consent: { topics: ['offers'] } }));
    const heard = async () =>
      (await run(asked.event_id).fetchHistory()).events?.some((each) => each.workflowExecutionSignaledEventAttributes);
    await expect.poll(heard, within).toBe(true);
    expect(await statusOf(asked.event_id)).toBe('RUNNING');
    await run(asked.event_id).terminate('the test is over');
  });
});
