import type { Command } from 'commander';

import { messageTag } from '../../store/message-key.ts';
import type { DoubtfulEmail, Sends } from '../../store/sends.ts';
import type { CliContext } from '../context.ts';
import { withStore } from '../store.ts';
import { NotDone, WrongUse } from '../wrong-use.ts';

/** More than anyone reads; the oldest are decided first. */
const mostListed = 1_000;

export function addInDoubt(program: Command, context: CliContext): void {
  const inDoubt = program
    .command('in-doubt')
    .description('Emails of which no one knows whether the provider accepted them');
  inDoubt
    .command('list')
    .description('List emails in doubt, oldest first')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const emails = await withStore(context.env, ({ store }) => store.sends.inDoubt(mostListed));
      if (json) context.print(JSON.stringify(emails, undefined, 2));
      else if (emails.length === 0) context.print('No email is in doubt.');
      else for (const line of emails.flatMap(describe)) context.print(line);
    });
  inDoubt
    .command('resolve')
    .description('Decide an email in doubt by what you know of it')
    .argument('<message-key>', 'as the list shows it, such as evt_42/receipt')
    .option('--sent', 'the provider accepted it: nothing more is sent')
    .option('--send-again', 'the provider did not accept it: the next attempt sends it')
    .option('--give-up', 'no one will find out: it ends as unknown, and nothing more is sent')
    .action(async (key: string, options: Options) => {
      const decision = decisionOf(options);
      await withStore(context.env, ({ store }) => resolve(store.sends, key, decision));
      context.print(`${key}: ${done[decision]}`);
    });
}

interface Options {
  sent?: true;
  sendAgain?: true;
  giveUp?: true;
}

type Decision = 'sent' | 'send' | 'give_up';

const done: Record<Decision, string> = {
  sent: 'recorded as sent.',
  send: 'the next attempt sends it again.',
  give_up: 'the next attempt ends it as unknown.',
};

function decisionOf({ sent, sendAgain, giveUp }: Options): Decision {
  const chosen: Decision[] = [
    ...(sent ? (['sent'] as const) : []),
    ...(sendAgain ? (['send'] as const) : []),
    ...(giveUp ? (['give_up'] as const) : []),
  ];
  const [decision] = chosen;
  if (decision === undefined || chosen.length > 1) {
    throw new WrongUse('Choose one of --sent, --send-again and --give-up.');
  }
  return decision;
}

async function resolve(sends: Sends, key: string, decision: Decision): Promise<void> {
  const tag = messageTag(key);
  const known = (await sends.inDoubt(mostListed)).some((email) => email.tag === tag);
  if (known && decision === 'sent') await sends.accept(tag, '');
  const decided = known && (decision === 'sent' || (await sends.decide(tag, decision)));
  if (!decided) throw new NotDone(`Email not in doubt: "${key}". rivulet in-doubt list shows those that are.`);
}

function describe({ messageKey, user, class: kind, ageMs, why, decision }: DoubtfulEmail): string[] {
  return [
    messageKey,
    `  user          ${user}`,
    `  class         ${kind}`,
    `  in doubt for  ${age(ageMs)}`,
    `  why           ${why}`,
    ...(decision === undefined ? [] : [`  decided       ${done[decision]}`]),
  ];
}

function age(ms: number): string {
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${Math.floor(ms / 1_000) % 60} s`;
}
