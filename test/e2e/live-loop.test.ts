import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import type { JetStream } from '../../runtime/nats-connection.ts';
import { connectTo } from '../support/connect-to.ts';
import type { RunFile } from '../../local/run-file.ts';
import { event, orderCompleted, person, projectCreated, signedUp } from '../support/events.ts';
import { npmStart, type NpmStart } from '../support/npm-start.ts';
import type { ProjectCopy } from '../support/project-copy.ts';

const within = { timeout: 60_000, interval: 20 };

let started: NpmStart;
let copy: ProjectCopy;
let urls: RunFile['urls'];
let lines: string[];
let stream: JetStream;
let temporal: Client;

beforeAll(async () => {
  started = await npmStart();
  ({ copy, urls, lines } = started);
  stream = await connectTo(urls.nats);
  temporal = new Client({ connection: await Connection.connect({ address: urls.temporal }), namespace: 'rivulet' });
}, 300_000);
afterAll(async () => {
  await stream?.connection.close();
  await temporal?.connection.close();
  await started?.stop();
  expect(lines?.join('\n') ?? '').not.toContain('not_drained');
}, 60_000);

it('takes up what Ada saves while people are in her journeys, and says what is broken', async () => {
  const took: Record<string, number> = {};
  const ada = signedUp(person('ada'));
  const grace = person('grace');
  const graces = signedUp(grace);
  for (const signup of [ada, graces]) await publish(signup);
  await subjectOf(ada, 'Welcome, Ada');
  await subjectOf(graces, 'Welcome, Ada');

  // A template.
  const mark = lines.length;
  took['template'] = await timed(async () => {
    edit('templates/welcome/mail.mjml', /^subject: .*$/m, 'subject: Good to have you here');
    await said('reloaded welcome/mail.mjml', mark);
  });
  const joan = signedUp(person('joan'));
  await publish(joan);
  await subjectOf(joan, 'Good to have you here');

  // A journey: Ada's run ends by the old code, Grace's by the new, though it began before.
  await publish(projectCreated({ user_id: ada.user_id }));
  expect(await resultOf(ada)).toBe('activated');
  took['journey'] = await timed(async () => {
    edit('workflows/journeys/onboarding.ts', /'activated';/, "'came alive' as string as 'activated';");
    await said('reloaded onboarding.ts');
  });
  await publish(projectCreated(grace));
  expect(await resultOf(graces)).toBe('came alive');

  // A route, in the code of the ingress.
  const before = event('contact.updated', grace.user_id, { contact: { email: grace.email } });
  await publish(before);
  await vi.waitFor(() => expect(lines.join('\n')).toMatch(new RegExp(`${before.event_id}.*event\\.processed`)), within);
  took['route'] = await timed(async () => {
    edit(
      'ingress/routes.ts',
      /(export const routes[^{]*\{)/,
      "$1\n  'contact.updated': { starts: 'receipt', transactional: true },",
    );
    await said(/^restarted ingress for ingress\/routes\.ts/);
  });
  const after = event('contact.updated', grace.user_id, { contact: { email: grace.email } });
  await publish(after);
  await vi.waitFor(() => temporal.workflow.getHandle(after.event_id).describe(), within);
  await expect(temporal.workflow.getHandle(before.event_id).describe()).rejects.toThrow(/not found/i);

  // A journey that is broken: the place and the message, and the one before goes on.
  const good = copy.read('workflows/journeys/receipt.ts');
  edit('workflows/journeys/receipt.ts', /return sendEmail\(/, 'return return sendEmail(');
  await said(/workflows\/journeys\/receipt\.ts:\d+ /);
  await said('what ran before goes on');
  edit('workflows/journeys/receipt.ts', /return return sendEmail\(/, 'return sendEmial(');
  await said(/workflows\/journeys\/receipt\.ts:\d+ Cannot find name 'sendEmial'/);
  const order = orderCompleted(grace);
  await publish(order);
  expect(await resultOf(order)).toBe('sent');
  copy.write('workflows/journeys/receipt.ts', good);
  await said('reloaded receipt.ts');

  // A change that Joan's run cannot follow: the line says what to do.
  edit('workflows/journeys/onboarding.ts', /const welcomed =/, "await project.within('1 hour');\n  const welcomed =");
  await vi.waitFor(() => expect(countOf('reloaded onboarding.ts')).toBe(2), within);
  await publish(projectCreated({ user_id: joan.user_id }));
  await said('guard it with patched()');

  const figures = Object.entries(took).map(([what, ms]) => `${what} ${Math.round(ms)} ms`);
  process.stdout.write(`From save to effect: ${figures.join(', ')}\n`);
}, 300_000);

function edit(file: string, what: RegExp, by: string): void {
  const text = copy.read(file);
  expect(text).toMatch(what);
  copy.write(file, text.replace(what, by));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const said = (words: string | RegExp, from = 0) =>
  vi.waitFor(() => expect(lines.slice(from)).toContainEqual(expect.stringMatching(words)), within);
const countOf = (words: string) => lines.filter((line) => line.includes(words)).length;

async function publish(event: { event_type: string }): Promise<void> {
  await stream.js.publish(`marketing.events.${event.event_type}`, JSON.stringify(event));
}

async function resultOf(event: { event_id: string }): Promise<unknown> {
  return vi.waitFor(() => temporal.workflow.getHandle(event.event_id).result(), within);
}

async function subjectOf(signup: ReturnType<typeof signedUp>, subject: string): Promise<void> {
  const { email } = (signup.payload as { contact: { email: string } }).contact;
  await vi.waitFor(async () => {
    const mails = (await (await fetch(`${urls.inbox}/api/mails`)).json()) as { to: string[]; subject: string }[];
    expect(mails.filter(({ to }) => to.includes(email)).map(({ subject }) => subject)).toEqual([subject]);
  }, within);
}
