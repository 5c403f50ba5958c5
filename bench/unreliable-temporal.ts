import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { seededRandom } from '../local/ses/random.ts';

/** What the proxy does to a call. */
const failures = [
  /** Answered with UNAVAILABLE; Temporal never gets it. */
  'refused',
  /** Its stream is reset; Temporal never gets it. */
  'reset',
  /** Temporal carries it out, and the stream is reset instead of the reply. */
  'reply lost',
  /** Temporal gets it when the caller has given up. */
  'late',
] as const;

type PartialFailure = (typeof failures)[number];

/** Longer than the deadline of a start or a signal. */
const lateMs = 9_000;

/** Of which calls one of how many fails. All others pass, those of every probe among them. */
export type OneOf = Readonly<Record<string, number>>;

const oneOfMany: OneOf = {
  StartWorkflowExecution: 6,
  SignalWithStartWorkflowExecution: 2,
  RespondWorkflowTaskCompleted: 25,
  RespondActivityTaskCompleted: 5,
};

export const unreliableCalls = Object.keys(oneOfMany);

/** A proxy before Temporal that fails a part of the calls on which everything depends, while Temporal seems to be well. */
export interface UnreliableTemporal {
  address: string;
  /** How often each call failed, and how. */
  failed: Partial<Record<string, number>>;
  /** From now on every call passes. */
  mend(): void;
  /** From now on calls fail again. */
  fail(): void;
  close(): Promise<void>;
}

/** `target`: host and port. The seed says which calls fail, and how: which of the callers that hits is up to their timing. */
export async function startUnreliableTemporal(
  target: string,
  seed: number,
  oneOf: OneOf = oneOfMany,
): Promise<UnreliableTemporal> {
  const failed: UnreliableTemporal['failed'] = {};
  const choose = chooser(seed, oneOf);
  let mended = false;
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    const upstream = connect(`http://${target}`);
    const end = () => {
      sessions.delete(session);
      session.destroy();
      upstream.destroy();
    };
    for (const side of [session, upstream]) side.on('error', end).on('close', end);
    // Temporal ends a connection every few minutes: the caller is told, as it would be without a proxy.
    upstream.on('goaway', () => session.destroyed || session.close());
    session.on('stream', (stream, headers) => {
      if (upstream.closed || upstream.destroyed) return end();
      const method = headers[':path']?.split('/').at(-1) ?? '';
      const failure = mended ? undefined : choose(method);
      if (failure) {
        const name = `${method} ${failure}`;
        failed[name] = (failed[name] ?? 0) + 1;
      }
      void handle(upstream, stream, headers, failure);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    failed,
    mend: () => void (mended = true),
    fail: () => void (mended = false),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

/** Of so many calls of a method in a row exactly one fails: a short run has its share too. Each kind in turn. */
function chooser(seed: number, oneOf: OneOf): (method: string) => PartialFailure | undefined {
  const random = seededRandom(seed);
  const state = new Map<string, { call: number; fails: number; next: number }>();
  return (method) => {
    const every = oneOf[method];
    if (every === undefined) return undefined;
    const at = state.get(method) ?? { call: 0, fails: 0, next: Math.floor(random() * failures.length) };
    state.set(method, at);
    if (at.call % every === 0) at.fails = at.call + Math.floor(random() * every);
    const fails = at.call++ === at.fails;
    return fails ? failures[at.next++ % failures.length] : undefined;
  };
}

async function handle(
  upstream: ClientHttp2Session,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  failure: PartialFailure | undefined,
): Promise<void> {
  stream.on('error', () => undefined); // a caller that has given up
  switch (failure) {
    case 'refused':
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14', 'grpc-message': 'chaos' },
        { endStream: true },
      );
      return;
    case 'reset':
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    case 'late':
      return passLate(upstream, stream, headers);
    case 'reply lost':
    case undefined:
      return pass(upstream, stream, headers, failure);
    default:
      return failure satisfies never;
  }
}

/** Calls are short: their bytes are kept until Temporal gets them, and no one waits for the reply by then. */
async function passLate(
  upstream: ClientHttp2Session,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await sleep(lateMs);
  if (upstream.closed || upstream.destroyed) return;
  const request = upstream.request(headers);
  request.on('error', () => undefined);
  request.resume();
  request.end(Buffer.concat(chunks));
  stream.close(constants.NGHTTP2_CANCEL);
}

function pass(
  upstream: ClientHttp2Session,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  failure: 'reply lost' | undefined,
): void {
  const request = upstream.request(headers);
  let trailers: IncomingHttpHeaders = {};
  request.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  stream.on('close', () => request.close(constants.NGHTTP2_CANCEL));
  stream.pipe(request);
  request.on('response', (reply, flags) => {
    if (failure === 'reply lost') return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    if (stream.destroyed) return;
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    if (isWhole) return stream.respond(reply, { endStream: true });
    stream.respond(reply, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    request.pipe(stream);
  });
  request.on('trailers', (found) => (trailers = found));
}
