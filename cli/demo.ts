import { randomUUID } from 'node:crypto';

import type { Command } from 'commander';

import { readRunFile, type RunFile } from '../local/run-file.ts';
import { startEverything } from '../local/start.ts';
import { composeEvent } from './compose-event.ts';
import { natsFor } from './connect/nats.ts';
import { temporalFor } from './connect/temporal.ts';
import type { CliContext } from './context.ts';
import { allWell, type Check, mailCame, within } from './demo-checks.ts';
import { type Scene, showDrip } from './demo-drip.ts';
import { ServerAway } from './wrong-use.ts';

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

/** Two little stories, and what came of them. */
async function showOff({ print }: CliContext, urls: RunFile['urls']): Promise<boolean> {
  const env = { NATS_URL: urls.nats, TEMPORAL_ADDRESS: urls.temporal };
  const { js, close } = await natsFor(env);
  const temporal = await temporalFor(env);
  const publish = (event: Record<string, unknown>) =>
    js.publish(`marketing.events.${String(event['event_type'])}`, JSON.stringify(event));
  const scene: Scene = { client: temporal.client, urls, publish, print };
  try {
    const [ada, grace] = [await showEvents(scene), await showDrip(scene)];
    return ada && grace;
  } finally {
    await Promise.all([close(), temporal.close()]);
  }
}

/** Somebody to whom things happen at once. */
async function showEvents({ client, urls, publish, print }: Scene): Promise<boolean> {
  const user = `ada_${randomUUID().slice(0, 8)}`;
  const email = `${user}@example.com`;
  const outcome = (event: Record<string, unknown>) =>
    within(client.workflow.getHandle(String(event['event_id'])).result());

  print(`\nAda (${user}) signs up, pays an order that is published three times, and makes a project.\n`);
  const signup = composeEvent('user.signed_up', { user, email, name: 'Ada', set: ['plan=pro'] });
  const order = composeEvent('order.completed', { user, set: ['order_id=o_1', 'total=12.5', 'currency=EUR'] });
  const project = composeEvent('project.created', { user, set: ['project_id=p_1'] });
  const receipt = 'Your receipt for order o_1';
  const checks: Check[] = [
    ['a mail "Welcome, Ada" is in the inbox', () => mailCame(urls.inbox, email, 'Welcome, Ada', 1)],
    ['one receipt is in the inbox, not three', () => mailCame(urls.inbox, email, receipt, 1)],
    ['the receipt run ended: sent', async () => (await outcome(order)) === 'sent'],
    ['the onboarding run ended when the project came: activated', async () => (await outcome(signup)) === 'activated'],
  ];
  await publish(signup);
  for (let time = 0; time < 3; time++) await publish(order);
  if (await mailCame(urls.inbox, email, 'Welcome, Ada', 1)) await publish(project);

  const well = await allWell(checks, print);
  print(`\n  Inbox  ${urls.inbox}/?to=${encodeURIComponent(email)}\n  Runs   npx --no rivulet runs --user ${user}\n`);
  return well;
}
