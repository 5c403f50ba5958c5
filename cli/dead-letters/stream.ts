import { JetStreamApiError, type JetStreamClient, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';

import { unavailableCode } from '../../runtime/unavailable.ts';
import { configFor } from '../config-for.ts';
import { natsFor, orMissingPermission } from '../connect/nats.ts';
import { ServerAway } from '../wrong-use.ts';
import { type Letter, letterOf, readableHeaders, type WholeLetter, wholeLetterOf } from './letter.ts';

/** The stream of dead letters. Every method throws ServerAway when NATS is unavailable. */
export interface DeadLetterStream {
  name: string;
  js: JetStreamClient;
  manager: JetStreamManager;
  /**
   * The letters that there are now, oldest first; those written meanwhile are left out. Reads headers only, and holds no more than
   * one page of them.
   */
  letters(): AsyncGenerator<Letter>;
  count(): Promise<number>;
  /** Undefined: there is no such letter any more. */
  read(seq: number): Promise<WholeLetter | undefined>;
  /** Deletes a letter and overwrites its bytes. False: there was none. */
  remove(seq: number): Promise<boolean>;
}

/** Letters per page. */
const pageSize = 200;

/** How long a page may take to fill, in ms. */
const pageMs = 2_000;

/** Connects to the stream of dead letters, for as long as `use` takes. Throws ServerAway when NATS is unavailable. */
export async function withDeadLetters<T>(
  env: NodeJS.ProcessEnv,
  use: (stream: DeadLetterStream) => Promise<T>,
): Promise<T> {
  const name = configFor(env).config.queues.marketing_events.dlq;
  const { js, manager, close } = await natsFor(env);
  try {
    return await use(streamOf(name, js, manager));
  } catch (error) {
    throw inWords(error, name);
  } finally {
    await close();
  }
}

function streamOf(name: string, js: JetStreamClient, manager: JetStreamManager): DeadLetterStream {
  const read = async (seq: number) => {
    const found = await manager.streams.getMessage(name, { seq });
    return found ? wholeLetterOf(found) : undefined;
  };
  return {
    name,
    js,
    manager,
    letters: () => letters(name, js, manager),
    count: async () => (await manager.streams.info(name)).state.messages,
    read,
    async remove(seq) {
      try {
        return await manager.streams.deleteMessage(name, seq);
      } catch (error) {
        if (error instanceof JetStreamApiError && (await read(seq)) === undefined) return false;
        throw error;
      }
    },
  };
}

async function* letters(name: string, js: JetStreamClient, manager: JetStreamManager): AsyncGenerator<Letter> {
  const { messages, last_seq: last } = (await manager.streams.info(name)).state;
  if (messages === 0) return;
  const consumer = await js.consumers.get(name, { headers_only: true });
  try {
    for (;;) {
      const page: JsMsg[] = [];
      for await (const message of await consumer.fetch({ max_messages: pageSize, expires: pageMs })) {
        page.push(message);
        if (message.info.pending === 0) break;
      }
      for (const message of page) if (message.seq <= last) yield headersOf(message);
      const end = page.at(-1);
      if (end === undefined || end.seq >= last || end.info.pending === 0) return;
    }
  } finally {
    await consumer.delete().catch(() => false); // NATS deletes it after minutes by itself
  }
}

function headersOf(message: JsMsg): Letter {
  const { seq, subject, info } = message;
  const fields = readableHeaders(() => message.headers);
  return letterOf({ seq, subject, fields, at: Math.floor(info.timestampNanos / 1_000_000) });
}

function inWords(error: unknown, stream: string): unknown {
  if (error instanceof JetStreamApiError && error.code === 10_059)
    return new ServerAway(`NATS has no stream ${stream}. The ingress creates it when it first starts.`);
  const refused = orMissingPermission(error);
  if (refused !== error) return refused;
  // Other servers have their own errors by then; what is left are those of the NATS client.
  const code = error instanceof Error && error.name !== 'ServerAway' ? unavailableCode(error) : undefined;
  if (code === undefined) return error;
  return new ServerAway(
    `A server became unavailable (${code}). Letters that were not reached are unchanged; repeat the command when it answers.`,
  );
}
