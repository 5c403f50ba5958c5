import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';

import { systemCode } from './provider-error.ts';
import { isMisconfigured } from '../../runtime/tls-codes.ts';

/** What the AWS SDK asks of a connection; see `HttpRequest` of @smithy/types. */
interface Request {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

interface Response {
  statusCode: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/**
 * No connection that could carry the request was ever made, so the other side has not read any of it. `misconfigured`: what is
 * wrong is what was configured (a certificate that is not trusted, another protocol on this port), and does not pass by itself.
 */
export class NotReached extends Error {
  override readonly name = 'NotReached';
  readonly code: string;
  readonly misconfigured: boolean;

  constructor(code: string, misconfigured = false) {
    super(`${code}: the provider was not reached`);
    this.code = code;
    this.misconfigured = misconfigured;
  }
}

/** The request may have been read, and no whole answer came. The status is there if the headers of the answer came. */
export class AnswerLost extends Error {
  override readonly name = 'AnswerLost';
  readonly code: string;
  readonly $metadata: { httpStatusCode?: number };

  constructor(code: string, status: number | undefined) {
    super(`${code}: no whole answer came`);
    this.code = code;
    this.$metadata = status === undefined ? {} : { httpStatusCode: status };
  }
}

/** SES closes an idle connection without a word, and a request that is written at that moment is lost. So we do it first. */
const idleMs = 4_000;

/** A page of the suppression list has some 200 KB. */
const mostBytes = 16 * 1024 * 1024;

/**
 * The HTTP of the AWS SDK's clients, in place of the SDK's own: one deadline over a whole call, the body of the answer included, and
 * errors that say whether the request could have been read. Throws NotReached or AnswerLost.
 */
export function createHttpHandler({ concurrency, timeoutMs }: { concurrency: number; timeoutMs: number }) {
  const sockets = { keepAlive: true, maxSockets: concurrency, timeout: idleMs };
  const agents = { http: new HttpAgent(sockets), https: new HttpsAgent(sockets) };
  /** Connections over which a request can be sent: with HTTPS those whose certificate was accepted. */
  const ready = new WeakSet<Socket>();

  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: async (request: Request) => ({ response: await exchange(request, agents, ready, timeoutMs) }),
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
    destroy() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function exchange(
  request: Request,
  agents: { http: HttpAgent; https: HttpsAgent },
  ready: WeakSet<Socket>,
  timeoutMs: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const { call, readyEvent } = start(request, agents, signal);
    let reached = false;
    let status: number | undefined;
    const fail = (error: unknown) => {
      call.destroy();
      const code = signal.aborted ? 'TIMEOUT' : (systemCode((error as { code?: unknown }).code) ?? 'CONNECTION_FAILED');
      reject(reached ? new AnswerLost(code, status) : new NotReached(code, isMisconfigured(code)));
    };
    call.once('socket', (socket) => {
      if (ready.has(socket)) reached = true;
      else
        socket.once(readyEvent, () => {
          ready.add(socket);
          reached = true;
        });
    });
    call.once('error', fail);
    call.once('response', (answer) => {
      status = answer.statusCode ?? 0;
      readBody(answer).then((body) => resolve({ statusCode: status ?? 0, headers: headersOf(answer), body }), fail);
    });
    call.end(request.body);
  });
}

function start(
  { protocol, hostname: host, port, method, path, query, headers }: Request,
  agents: { http: HttpAgent; https: HttpsAgent },
  signal: AbortSignal,
): { call: ClientRequest; readyEvent: 'connect' | 'secureConnect' } {
  const options = { host: host.replaceAll(/^\[|\]$/g, ''), port, method, path: pathOf(path, query), headers, signal };
  return protocol === 'http:'
    ? { call: httpRequest({ ...options, agent: agents.http }), readyEvent: 'connect' }
    : { call: httpsRequest({ ...options, agent: agents.https }), readyEvent: 'secureConnect' };
}

function pathOf(path: string, query: Request['query'] = {}): string {
  const pairs = Object.keys(query)
    .toSorted()
    .flatMap((name) => [query[name] ?? ''].flat().map((value) => `${encoded(name)}=${encoded(value)}`));
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

/** As RFC 3986 has it, and as the request was signed. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function readBody(answer: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > mostBytes) throw Object.assign(new Error('the answer is too large'), { code: 'ANSWER_TOO_LARGE' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
