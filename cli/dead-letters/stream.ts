import { JetStreamApiError, type JetStreamClient, type JetStreamManager, type StoredMsg } from '@nats-io/jetstream';

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
   * The letters that there are now, oldest first; those written meanwhile are left out. Holds one at a time.
   */
  letters(): AsyncGenerator<Letter>;
  count(): Promise<number>;
  /** Undefined: there is no such letter any more. */
  read(seq: number): Promise<WholeLetter | undefined>;
  /** Deletes a letter and overwrites its bytes. False: there was none. */
  remove(seq: number): Promise<boolean>;
}

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
    letters: () => letters(name, manager),
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

/** Message by message, with requests that answer in JSON: whoever may only read needs no consumer for it. */
async function* letters(name: string, manager: JetStreamManager): AsyncGenerator<Letter> {
  const { messages, last_seq: last } = (await manager.streams.info(name)).state;
  if (messages === 0) return;
  for (let seq = 1; seq <= last;) {
    const nextFrom = { seq, next_by_subj: 'marketing.dlq.>' }; // the types of the client do not know `next_by_subj`
    const found = await manager.streams.getMessage(name, nextFrom);
    if (!found || found.seq > last) return;
    yield headersOf(found);
    seq = found.seq + 1;
  }
}

function headersOf(message: StoredMsg): Letter {
  const { seq, subject, time } = message;
  const fields = readableHeaders(() => message.header);
  return letterOf({ seq, subject, fields, at: time.getTime() });
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
