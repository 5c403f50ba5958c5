import { readFileSync } from 'node:fs';

import { JetStreamApiError } from '@nats-io/jetstream';
import type { Command } from 'commander';

import type { Dropped } from '../events/forgiving.ts';
import { parseEvent, parseWritten } from '../events/parse.ts';
import { publishEvent } from '../ingress/nats.ts';
import { collect } from './collect.ts';
import { composeEvent, defaultTopics, type EventOptions } from './compose-event.ts';
import { natsFor, orMissingPermission } from './connect/nats.ts';
import { runUrl } from './run-url.ts';
import type { CliContext } from './context.ts';
import { ServerAway, WrongUse } from './wrong-use.ts';

interface PublishOptions extends EventOptions {
  file?: string;
  validate: boolean;
}

export function addPublish(program: Command, context: CliContext): void {
  program
    .command('publish')
    .description('publish one event')
    .argument('[event-type]', 'such as user.signed_up')
    .option('--user <id>', "the person's id in your system; never an address")
    .option('--email <address>', 'who gets the mail; also records consent (see --consent)')
    .option('--name <name>')
    .option('--locale <locale>', 'BCP 47, such as pt-BR')
    .option('--time-zone <zone>', 'IANA, such as Europe/Berlin')
    .option('--country <code>', 'ISO 3166, such as DE')
    .option('--set <field=value>', 'a field of the payload; may be repeated', collect, [])
    .option('--id <event-id>', 'the event id; the same id twice is one event. Default: a new one')
    .option(
      '--consent <topics>',
      `topics consented to, separated by commas. With --email the default is ${defaultTopics.join(',')}`,
      split,
    )
    .option('--no-consent', 'record no consent')
    .option('--file <path>', 'publish this file as it is; - reads standard input')
    .option('--no-validate', 'publish even what ingress will refuse, to see a dead letter')
    .addHelpText(
      'after',
      `
Examples:
  rivulet publish user.signed_up --user u_1 --email ada@example.com --set plan=pro
  rivulet publish order.completed --user u_1 --set order_id=o_7 --set total=12.5 --set currency=EUR
  rivulet publish --file event.json`,
    )
    .action((type: string | undefined, options: PublishOptions) => publish(context, type, options));
}

async function publish(context: CliContext, type: string | undefined, options: PublishOptions): Promise<void> {
  const bytes = options.file === undefined ? compose(type, options) : read(type, options.file);
  // A file is published as a service would publish it; a slip on the command line is told before anything happens.
  const checked = options.file === undefined ? parseWritten(bytes) : parseEvent(bytes);
  if (!checked.ok && options.validate) {
    throw new WrongUse(
      `Nothing was published: ${checked.error} (${checked.reason}).\n--no-validate publishes it all the same, as a dead letter.`,
    );
  }
  const event = checked.ok ? checked.parsed.event : undefined;
  const { js, manager, close } = await natsFor(context.env);
  try {
    const { stream, seq, duplicate } = event
      ? await publishEvent({ js, manager }, event, bytes)
      : await js.publish('marketing.events', bytes);
    tell(context, event, `${stream} #${seq}`, duplicate);
    if (checked.ok) tellDropped(context, checked.parsed.dropped);
  } catch (error) {
    const noStream = /no ?responders|503|JetStreamNotEnabled/i.test(String(error));
    if (error instanceof JetStreamApiError || noStream) {
      const detail = noStream ? '' : `: ${(error as Error).message}`;
      throw new ServerAway(`NATS has no stream for this event${detail}. Start an ingress once: it creates the stream.`);
    }
    throw orMissingPermission(error);
  } finally {
    await close();
  }
}

function compose(type: string | undefined, options: PublishOptions): Uint8Array {
  if (type === undefined) throw new WrongUse('Say what happened (rivulet publish user.signed_up ...) or give --file.');
  return new TextEncoder().encode(JSON.stringify(composeEvent(type, options)));
}

function read(type: string | undefined, file: string): Uint8Array {
  if (type !== undefined) throw new WrongUse('--file publishes the file as it is: leave the event type out.');
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    throw new WrongUse(`Cannot read ${file}: ${(error as Error).message}`);
  }
}

function tell(
  { running, env, print }: CliContext,
  event: { event_id: string; event_type: string } | undefined,
  where: string,
  duplicate: boolean,
): void {
  if (!event) {
    print(`published to ${where}; ingress will refuse it`);
    return;
  }
  print(duplicate ? `already published: ${event.event_type} (nothing new happens)` : `published ${event.event_type}`);
  print(`  event  ${event.event_id}`);
  print(`  stream ${where}`);
  print(`  run    ${runUrl(env, running?.urls.temporalUi, event.event_id)}`);
  if (running) print(`  inbox  ${running.urls.inbox}`);
}

function tellDropped({ print }: CliContext, dropped: readonly Dropped[] = []): void {
  for (const { field, problem } of dropped) print(`  not used: ${field}: ${problem}`);
}

function split(topics: string): string[] {
  return topics
    .split(',')
    .map((topic) => topic.trim())
    .filter(Boolean);
}
