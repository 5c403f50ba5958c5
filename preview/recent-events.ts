import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsAccess } from '../config/nats-access.ts';
import { withoutAddresses } from '../config/scrub.ts';
import { parseEvent } from '../events/parse.ts';
import { fullPayload } from '../events/split-event.ts';
import { missingPermission, openJetStream, openNats } from '../runtime/nats-connection.ts';
import type { Sample } from '../templates/compiled.ts';

/** An event of the stream as a mail may know it: without the address of anybody. */
export interface RecentEvent {
  /** Its place in the stream. */
  seq: number;
  type: string;
  /** Unix ms. */
  at: number;
  sample: Sample;
}

export interface RecentEvents {
  /** The newest of these types, newest first. Rejects with a message when NATS is away. */
  list(types: readonly string[]): Promise<RecentEvent[]>;
  /** Undefined when the stream does not have it, or it is no event that a journey would take. */
  find(seq: number): Promise<RecentEvent | undefined>;
  close(): Promise<void>;
}

const mostEvents = 50;
/** So many messages of the stream are looked at; beyond them, the last one of each type. */
const looksBack = 500;
const mostBytes = 16 * 1024 * 1024;
const answerWithinMs = 1_500;
/** A server that did not answer is not waited for by each page anew. */
const awayForMs = 3_000;

export function createRecentEvents({ access, stream }: { access: NatsAccess; stream: string }): RecentEvents {
  let connected: Promise<{ connection: NatsConnection; manager: JetStreamManager }> | undefined;
  let away: { since: number; error: Error } | undefined;

  const open = async () => {
    const connection = await openNats(access, 'preview', { timeout: answerWithinMs });
    const { manager } = await openJetStream(connection, access, answerWithinMs);
    return { connection, manager };
  };

  const ask = async <T>(question: (manager: JetStreamManager) => Promise<T>): Promise<T> => {
    if (away && Date.now() - away.since < awayForMs) throw away.error;
    try {
      connected ??= open();
      const { manager } = await connected;
      // While templates are compiled in this process no answer is read, and its time is over first: asked again, it comes.
      const answer = await question(manager).catch((error: unknown) => {
        if ((error as Error).name !== 'TimeoutError') throw error;
        return question(manager);
      });
      away = undefined;
      return answer;
    } catch (cause) {
      if (isMissingStream(cause)) throw new Error(`NATS has no stream ${stream} yet: ingress makes it`, { cause });
      const failed = connected;
      connected = undefined;
      void failed?.then(({ connection }) => connection.close()).catch(() => undefined);
      const { message } = cause as Error;
      const why =
        missingPermission(cause) ?? (message.includes('NATS') ? message : `NATS does not answer (${message})`);
      away = { since: Date.now(), error: new Error(why, { cause }) };
      throw away.error;
    }
  };

  return {
    list: (types) => ask((manager) => newest(manager, stream, types)),
    find: (seq) =>
      ask(async (manager) => {
        const message = Number.isSafeInteger(seq) && seq > 0 ? await manager.streams.getMessage(stream, { seq }) : null;
        return message ? eventOf(message) : undefined;
      }),
    async close() {
      await (await connected?.catch(() => undefined))?.connection.close();
    },
  };
}

async function newest(manager: JetStreamManager, stream: string, types: readonly string[]): Promise<RecentEvent[]> {
  if (types.length === 0) return [];
  const found = new Map<number, RecentEvent>();
  const take = (message: Message) => {
    const event = eventOf(message);
    if (event && types.includes(event.type)) found.set(event.seq, event);
  };
  const { state } = await manager.streams.info(stream);
  if (state.messages === 0) return [];
  for (const type of types) {
    const last = await manager.streams.getMessage(stream, { last_by_subj: `marketing.events.${type}` });
    if (last) take(last);
  }
  const seq = Math.max(state.first_seq, state.last_seq - looksBack + 1);
  const batch = await manager.direct.getBatch(stream, { seq, batch: looksBack, max_bytes: mostBytes });
  for await (const message of batch) take(message);
  return [...found.values()].toSorted((one, other) => other.seq - one.seq).slice(0, mostEvents);
}

interface Message {
  seq: number;
  subject: string;
  data: Uint8Array;
}

/** What ingress would refuse nobody is mailed about. Of the person there is only the name: the rest is the reader's choice. */
function eventOf({ seq, subject, data }: Message): RecentEvent | undefined {
  if (!subject.startsWith('marketing.events')) return undefined;
  const read = parseEvent(data);
  if (!read.ok) return undefined;
  const { event, personal, contact } = read.parsed;
  const person = contact?.name === undefined ? {} : { name: withoutAddresses(contact.name) };
  const payload = JSON.parse(JSON.stringify(fullPayload(event, personal)), scrubbed) as Record<string, unknown>;
  return { seq, type: event.event_type, at: event.timestamp, sample: { person, event: payload } };
}

function scrubbed(_: string, value: unknown): unknown {
  return typeof value === 'string' ? withoutAddresses(value) : value;
}

/** JetStream's "stream not found". */
function isMissingStream(error: unknown): boolean {
  return (error as { code?: number }).code === 10059;
}
