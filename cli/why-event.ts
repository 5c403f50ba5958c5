import { type Command, InvalidArgumentError } from 'commander';

import { idPattern } from '../events/envelope.ts';
import { readRunFile } from '../local/run-file.ts';
import type { Decision } from '../store/entries.ts';
import { temporalFor } from './connect/temporal.ts';
import { runUrl } from './run-url.ts';
import type { CliContext } from './context.ts';
import { withStore } from './store.ts';
import { NotDone } from './wrong-use.ts';

export function addWhyEvent(program: Command, context: CliContext): void {
  program
    .command('why-event')
    .description('say what was decided when an event was taken in, and why')
    .argument('<event-id>', 'the event_id', eventId)
    .option('--json', 'as JSON')
    .action(async (id: string, { json }: { json?: true }) => {
      const { decision, rememberMs } = await withStore(context.env, async ({ store, config }) => ({
        decision: await store.entries.find(id),
        rememberMs: Math.max(config.decisions.remember, config.queues.marketing_events.max_age),
      }));
      if (!decision) throw new NotDone(unknown(id, rememberMs));
      const run = decision.enters ? await statusOf(context, id) : undefined;
      if (json) context.print(JSON.stringify({ event_id: id, ...decision, ...(run && { run }) }, undefined, 2));
      else for (const line of told(context, id, decision, run)) context.print(line);
    });
}

function told({ root, env }: CliContext, id: string, decision: Decision, run: string | undefined): string[] {
  const { event_type, user_id, at, journey, enters, because, why, dropped = [] } = decision;
  const lines: [string, string][] = [
    ['event', `${event_type} of ${user_id}`],
    ['taken in', `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`],
    ['told', decision.told === 1 ? '1 running journey' : `${decision.told} running journeys`],
    ['journey', journey ?? 'none: events of this type start nothing'],
  ];
  if (journey !== undefined) lines.push(['entered', enters ? 'yes' : `no (${because})`]);
  if (why !== undefined) lines.push(['why', `journeys.${journey}: ${why}`]);
  for (const { field, problem } of dropped) lines.push(['not used', `${field}: ${problem}`]);
  if (enters) lines.push(['run', `${run}  ${runUrl(env, readRunFile(root)?.urls.temporalUi, id)}`]);
  return lines.map(([what, says]) => `${what.padEnd(10)}${says}`);
}

/** What has become of the run, as far as somebody who only wants to know why needs Temporal. */
async function statusOf({ env }: CliContext, id: string): Promise<string> {
  try {
    const { client, close } = await temporalFor(env);
    try {
      return (await client.workflow.getHandle(id).describe()).status.name.toLowerCase();
    } finally {
      await close();
    }
  } catch (error) {
    return (error as Error).name === 'WorkflowNotFoundError' ? 'no longer known' : 'Temporal does not answer';
  }
}

function unknown(id: string, rememberMs: number): string {
  return (
    `Nothing is known of an event "${id}". What was decided is kept for ${rememberMs / 86_400_000} days (decisions.remember). ` +
    'An event that could not be read lies in the dead letters: stream MARKETING_DLQ.'
  );
}

function eventId(text: string): string {
  if (!idPattern.test(text))
    throw new InvalidArgumentError('an event id has 1 to 128 characters of A-Z a-z 0-9 _ . : -');
  return text;
}
