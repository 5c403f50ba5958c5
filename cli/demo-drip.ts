import { randomUUID } from 'node:crypto';

import type { Client } from '@temporalio/client';

import type { RunFile } from '../local/run-file.ts';
import { composeEvent } from './compose-event.ts';
import { calendarOf } from './demo-calendar.ts';
import { allWell, type Check, mailCame, subjectsOf, within } from './demo-checks.ts';
import { skipTime } from './skip-time.ts';

/** Where the demo plays. */
export interface Scene {
  client: Client;
  urls: RunFile['urls'];
  publish(event: Record<string, unknown>): Promise<unknown>;
  print(line: string): void;
}

const subjects = ['Welcome, Grace', 'Your first project in one minute', 'Better together: bring a colleague'] as const;

/** A week of somebody who does nothing, in a moment; true when it went as the journey says. */
export async function showDrip({ client, urls, publish, print }: Scene): Promise<boolean> {
  const user = `grace_${randomUUID().slice(0, 8)}`;
  const email = `${user}@example.com`;
  // Theirs who looks at it, so that the dates are those of their calendar.
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  print(`Grace (${user}) signs up and makes no project. Her week is skipped through, wait by wait.\n`);
  const signup = composeEvent('user.signed_up', { user, email, name: 'Grace', timeZone, set: ['plan=pro'] });
  await publish(signup);
  const welcomed: Check = [
    'a mail "Welcome, Grace" is in the inbox',
    () => mailCame(urls.inbox, email, subjects[0], 1),
  ];
  if (!(await allWell([welcomed], print))) return false;

  const handle = client.workflow.getHandle(String(signup['event_id']));
  if (!(await skipTime(client, handle.workflowId))) {
    print('  This Temporal cannot skip time (server 1.32 with frontend.WorkflowTimeSkippingEnabled can): her run');
    print('  goes on day by day. What it will do: npx --no rivulet simulate onboarding\n');
    return true;
  }
  const outcome = await within(handle.result());
  const came = await subjectsOf(urls.inbox, { to: email });
  const { events } = await handle.fetchHistory();
  const calendar = calendarOf(events ?? [], { person: user, time_zone: timeZone, subjects: came });
  print(`\n${String(calendar).replaceAll(/^(?=.)/gm, '  ')}\n`);

  const well = await allWell(
    [
      ['three mails are in her inbox, one after the other', async () => came.join() === subjects.join()],
      ['the onboarding run ended when the week was over: dormant', async () => outcome === 'dormant'],
    ],
    print,
  );
  print(`\n  Inbox  ${urls.inbox}/?to=${encodeURIComponent(email)}\n  Runs   npx --no rivulet runs --user ${user}\n`);
  return well;
}
