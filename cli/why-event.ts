import { type Command, InvalidArgumentError } from 'commander';

import { idPattern } from '../events/envelope.ts';
import type { Decision } from '../store/entries.ts';
import { temporalFor } from './connect/temporal.ts';
import type { CliContext } from './context.ts';
import type { Letter } from './dead-letters/letter.ts';
import { printableLine } from './dead-letters/printable.ts';
import { refusalsOf } from './dead-letters/refusals.ts';
import { when } from './gate.ts';
import { runUrl } from './run-url.ts';
import { withStore } from './store.ts';
import { NotDone } from './wrong-use.ts';

export function addWhyEvent(program: Command, context: CliContext): void {
  program
    .command('why-event')
    .description('Say what was decided about an event, or why it was refused')
    .argument('<event-id>', 'the event_id', eventId)
    .option('--json', 'as JSON')
    .action(async (id: string, { json }: { json?: true }) => {
      const { decision, rememberMs } = await withStore(context.env, async ({ store, config }) => ({
        decision: await store.entries.find(id),
        rememberMs: Math.max(config.decisions.remember, config.queues.marketing_events.max_age),
      }));
      const refusals = await refusalsOf(context.env, id);
      if (!decision && !refusals?.length) throw new NotDone(unknown(id, rememberMs, refusals));
      const run = decision?.enters ? await statusOf(context, id) : undefined;
      if (json) return context.print(JSON.stringify(asJson(id, decision, run, refusals), undefined, 2));
      const lines = [
        ...(decision ? told(context, id, decision, run) : []),
        ...(refusals ?? [unknownRefusals]).flatMap((refusal) => refused(refusal)),
      ];
      for (const [what, says] of lines) context.print(`${what.padEnd(10)}${says}`);
    });
}

type Line = [what: string, says: string];

const unknownRefusals = 'not known: NATS does not answer';

function asJson(id: string, decision: Decision | undefined, run: string | undefined, refusals: Letter[] | undefined) {
  const dead_letters = refusals?.map(({ seq, at, reason, error, type, user, replays }) => ({
    seq,
    at,
    reason,
    error,
    event_type: type,
    user_id: user,
    replays,
  }));
  return { event_id: id, ...decision, ...(run && { run }), ...(dead_letters && { dead_letters }) };
}

function told({ running, env }: CliContext, id: string, decision: Decision, run: string | undefined): Line[] {
  const { event_type, user_id, at, journey, enters, because, why, dropped = [] } = decision;
  const lines: Line[] = [
    ['event', `${event_type} of ${user_id}`],
    ['taken in', `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`],
    ['told', decision.told === 1 ? '1 running journey' : `${decision.told} running journeys`],
    ['journey', journey ?? 'none: events of this type start nothing'],
  ];
  if (journey !== undefined) lines.push(['entered', enters ? 'yes' : `no (${because})`]);
  if (why !== undefined) lines.push(['why', `journeys.${journey}: ${why}`]);
  for (const { field, problem } of dropped) lines.push(['not used', `${field}: ${problem}`]);
  if (enters) lines.push(['run', `${run}  ${runUrl(env, running?.urls.temporalUi, id)}`]);
  return lines;
}

/** One dead letter of the event: an event that was accepted may have one too, if its id was used again. */
function refused(refusal: Letter | string): Line[] {
  if (typeof refusal === 'string') return [['refused', refusal]];
  const { seq, at, reason, error, type, user, replays } = refusal;
  return [
    [
      'refused',
      `${when(at)}, ${reason}${replays === 0 ? '' : `, replayed ${replays === 1 ? 'once' : `${replays} times`} before`}`,
    ],
    ['event', `${type || 'unreadable type'} of ${user || 'an unreadable user'}`],
    ['error', printableLine(error, 300)],
    ['letter', `npx --no rivulet dead-letters show ${seq}`],
  ];
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

function unknown(id: string, rememberMs: number, refusals: Letter[] | undefined): string {
  return (
    `Nothing is known of an event "${id}". What was decided is kept for ${rememberMs / 86_400_000} days (decisions.remember). ` +
    (refusals === undefined
      ? 'NATS does not answer: the event may have been refused, and be in the dead letters.'
      : 'It is in no dead letter either. One whose event_id is unreadable is found by: rivulet dead-letters list --where \'event_id == ""\'')
  );
}

function eventId(text: string): string {
  if (!idPattern.test(text))
    throw new InvalidArgumentError('an event id has 1 to 128 characters of A-Z a-z 0-9 _ . : -');
  return text;
}
