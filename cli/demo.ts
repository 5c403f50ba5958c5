import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import { readRunFile, type RunFile } from '../local/run-file.ts';
import { startEverything } from '../local/start.ts';
import { composeEvent } from './compose-event.ts';
import { publishingTo, temporalFor } from './connections.ts';
import type { CliContext } from './context.ts';
import { ServerAway } from './wrong-use.ts';

/** How long a mail or an outcome may take before the demo calls it missing. */
const patienceMs = 20_000;

export function addDemo(program: Command, context: CliContext): void {
  program
    .command('demo')
    .description('like start, but publishes sample events, waits for their mails, says what happened and ends')
    .action(async () => {
      const running = readRunFile(context.root);
      const everything = running ? undefined : await startEverything({ ...context, env: process.env });
      try {
        const urls = running?.urls ?? everything?.urls;
        if (!urls) throw new ServerAway('nothing is running');
        process.exitCode = (await showOff(context, urls)) ? 0 : 1;
      } finally {
        await everything?.stop();
      }
    });
}

/** Publishes a little story about one person and checks what came of it. */
async function showOff({ print }: CliContext, urls: RunFile['urls']): Promise<boolean> {
  const env = { NATS_URL: urls.nats, TEMPORAL_ADDRESS: urls.temporal };
  const user = `ada_${randomUUID().slice(0, 8)}`;
  const email = `${user}@example.com`;
  const { js, close } = await publishingTo(env);
  const temporal = await temporalFor(env);
  const publish = (event: Record<string, unknown>) =>
    js.publish(`marketing.events.${String(event['event_type'])}`, JSON.stringify(event));
  const outcome = (event: Record<string, unknown>) =>
    within(temporal.client.workflow.getHandle(String(event['event_id'])).result());

  print(`\nAda (${user}) signs up, pays an order that is published three times, and makes a project.\n`);
  const signup = composeEvent('user.signed_up', { user, email, name: 'Ada', set: ['plan=pro'] });
  const order = composeEvent('order.completed', { user, set: ['order_id=o_1', 'total=12.5', 'currency=EUR'] });
  const project = composeEvent('project.created', { user, set: ['project_id=p_1'] });
  const checks: [string, () => Promise<boolean>][] = [
    ['a mail "Welcome, Ada" is in the inbox', async () => mailCame(urls, email, 'Welcome, Ada', 1)],
    ['one receipt is in the inbox, not three', async () => mailCame(urls, email, 'Your receipt for order o_1', 1)],
    ['the receipt run ended: sent', async () => (await outcome(order)) === 'sent'],
    ['the onboarding run ended when the project came: activated', async () => (await outcome(signup)) === 'activated'],
  ];
  try {
    await publish(signup);
    for (let time = 0; time < 3; time++) await publish(order);
    if (await mailCame(urls, email, 'Welcome, Ada', 1)) await publish(project);

    let allWell = true;
    for (const [what, check] of checks) {
      const well = await check();
      allWell &&= well;
      print(`  ${well ? 'ok  ' : 'FAIL'}  ${what}`);
    }
    print(`\n  Inbox  ${urls.inbox}/?to=${encodeURIComponent(email)}\n  Runs   npx rivulet runs --user ${user}\n`);
    return allWell;
  } finally {
    await Promise.all([close(), temporal.close()]);
  }
}

/** Waits until the inbox holds `count` such mails, and gives them a moment to become too many. */
async function mailCame(urls: RunFile['urls'], to: string, subject: string, count: number): Promise<boolean> {
  const query = new URLSearchParams({ to, subject });
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(100)) {
    const reply = await fetch(`${urls.inbox}/api/mails?${query.toString()}`);
    const mails = (await reply.json()) as unknown[];
    if (mails.length >= count) return mails.length === count;
  }
  return false;
}

async function within<T>(result: Promise<T>): Promise<T | undefined> {
  const patience = new AbortController();
  const tooLate = sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined);
  return Promise.race([result, tooLate]).finally(() => patience.abort());
}
