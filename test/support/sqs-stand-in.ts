import { createHash, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One queue that speaks as much of SQS (AWS JSON 1.0) as the poller uses. */
export interface SqsStandIn {
  queueUrl: string;
  /** `ageMs`: how long ago it was written. */
  send(body: string, ageMs?: number): string;
  /** What lies in the queue, seen or not. */
  bodies(): string[];
  /** How often each body was handed out. */
  received: Map<string, number>;
  /** The size that each poll asked for. */
  asked: number[];
  /** How long a message that was handed out stays hidden. 30 s, as in SQS, unless a test is about messages that come again. */
  hideFor(ms: number): void;
  /** So many of the next deletions fail. */
  failDeletions(count: number): void;
  /** Emits `poll`, `receive` and `delete`, each after the fact. */
  events: EventEmitter;
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

interface Queued {
  id: string;
  body: string;
  visibleAt: number;
  sentAt: number;
  firstAt?: number;
  receives: number;
}

interface Call {
  MaxNumberOfMessages?: number;
  WaitTimeSeconds?: number;
  Entries?: { Id: string; ReceiptHandle: string }[];
}

export async function startSqsStandIn(): Promise<SqsStandIn> {
  const queue = new Map<string, Queued>();
  const received = new Map<string, number>();
  const asked: number[] = [];
  const events = new EventEmitter();
  let failing = 0;
  let visibilityMs = 30_000;

  const visible = (size: number) => [...queue.values()].filter((one) => one.visibleAt <= Date.now()).slice(0, size);

  const receive = async (call: Call, gone: AbortSignal): Promise<object> => {
    const size = call.MaxNumberOfMessages ?? 1;
    asked.push(size);
    events.emit('poll');
    const until = Date.now() + (call.WaitTimeSeconds ?? 0) * 1_000;
    while (visible(size).length === 0 && Date.now() < until && !gone.aborted) {
      // Hidden messages become visible by time alone, so this looks again now and then.
      await once(events, 'send', { signal: AbortSignal.any([gone, AbortSignal.timeout(25)]) }).catch(() => undefined);
    }
    // Nobody is there to take them: they stay, as in a queue whose answer was never asked for.
    if (gone.aborted) return {};
    const messages = visible(size).map((one) => {
      one.visibleAt = Date.now() + visibilityMs;
      received.set(one.body, (received.get(one.body) ?? 0) + 1);
      const md5 = createHash('md5').update(one.body).digest('hex');
      one.firstAt ??= Date.now();
      one.receives += 1;
      const Attributes = {
        SentTimestamp: String(one.sentAt),
        ApproximateFirstReceiveTimestamp: String(one.firstAt),
        ApproximateReceiveCount: String(one.receives),
      };
      return { MessageId: one.id, ReceiptHandle: one.id, MD5OfBody: md5, Body: one.body, Attributes };
    });
    events.emit('receive', messages.length);
    return messages.length > 0 ? { Messages: messages } : {};
  };

  const remove = ({ Entries: entries = [] }: Call): object => {
    const failed = entries.splice(0, failing);
    failing -= failed.length;
    for (const { ReceiptHandle: handle } of entries) queue.delete(handle);
    events.emit('delete', entries.length);
    return {
      Successful: entries.map(({ Id: id }) => ({ Id: id })),
      Failed: failed.map(({ Id: id }) => ({ Id: id, Code: 'InternalError', SenderFault: false })),
    };
  };

  const describe = () => {
    const waiting = visible(Infinity).length;
    const Attributes = {
      ApproximateNumberOfMessages: String(waiting),
      ApproximateNumberOfMessagesNotVisible: String(queue.size - waiting),
    };
    return { Attributes };
  };

  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const gone = new AbortController();
    outgoing.on('close', () => gone.abort());
    const chunks: Buffer[] = await incoming.toArray();
    const call = JSON.parse(Buffer.concat(chunks).toString()) as Call;
    const [, operation = ''] = String(incoming.headers['x-amz-target']).split('.');
    const others: Record<string, (call: Call) => object> = { DeleteMessageBatch: remove, GetQueueAttributes: describe };
    const reply = others[operation]?.(call) ?? (await receive(call, gone.signal));
    outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(reply));
  };

  let server: Server;
  const open = async (port: number) => {
    server = createServer((incoming, outgoing) => void answer(incoming, outgoing).catch(() => outgoing.destroy()));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await open(0);
  return {
    queueUrl: `http://127.0.0.1:${port}/000000000000/feedback`,
    send(body, ageMs = 0) {
      const id = randomUUID();
      queue.set(id, { id, body, visibleAt: 0, sentAt: Date.now() - ageMs, receives: 0 });
      events.emit('send');
      return id;
    },
    bodies: () => [...queue.values()].map(({ body }) => body),
    received,
    asked,
    hideFor: (ms) => void (visibilityMs = ms),
    failDeletions: (count) => void (failing = count),
    events,
    async goAway() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    comeBack: async () => void (await open(port)),
  };
}
