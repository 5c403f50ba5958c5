import { Server } from 'node:http';

import { serve, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import type { Registry } from 'prom-client';

import { StartError } from './stop-signal.ts';

/** One dependency: resolves when it can be used, rejects with the reason when it cannot. */
export type Check = () => Promise<unknown>;

const checkTimeoutMs = 1_500;

/**
 * `/healthz` (the process is alive), `/readyz` (every dependency by name; 503 when one is away) and `/metrics`. A process
 * adds its own pages to the app it gets back. `also` is told on /readyz too, and makes nothing unready: a closed gate is
 * no reason to start a worker again.
 */
export function createHealthApp(checks: Record<string, Check>, registry: Registry, also = (): object => ({})): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'alive' }));
  app.get('/readyz', async (c) => {
    const names = Object.keys(checks);
    const answers = await Promise.all(names.map((name) => ask(checks[name] as Check)));
    const ready = answers.every((answer) => answer === 'ok');
    const dependencies = Object.fromEntries(names.map((name, index) => [name, answers[index]]));
    return c.json({ ready, dependencies, ...also() }, ready ? 200 : 503);
  });
  app.get('/metrics', async (c) => c.text(await registry.metrics(), 200, { 'content-type': registry.contentType }));
  return app;
}

async function ask(check: Check): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, checkTimeoutMs, `no answer within ${checkTimeoutMs} ms`);
  });
  try {
    return await Promise.race([check().then(() => 'ok'), tooSlow]);
  } catch (error) {
    return reasonOf(error);
  } finally {
    clearTimeout(timer);
  }
}

/** A code, such as `ECONNREFUSED`, or Redis' first word, such as `READONLY`. Never the text: it has inner addresses, and this page has no password. */
function reasonOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^[A-Z0-9_]{3,40}$/.test(code)) return code;
  return (typeof message === 'string' && /^[A-Z]{3,20}(?= )/.exec(message)?.[0]) || 'unavailable';
}

export interface HttpServer {
  url: string;
  close(): Promise<void>;
}

export interface ConnectionLimits {
  /** Further connections are refused until one ends. */
  connections: number;
  /** A connection on which the headers, or the whole request, do not arrive within this time is closed. In ms. */
  headersMs: number;
  requestMs: number;
}

/** Memory and file handles stay bounded, whoever connects and however slowly they send. */
const defaultLimits: ConnectionLimits = { connections: 2_000, headersMs: 10_000, requestMs: 30_000 };

/** Listens. Throws a StartError that names the port, and the variable to change it with, when it is taken. */
export async function listen(
  app: Hono,
  host: string,
  port: number,
  variable: 'HTTP_PORT' | 'HEALTH_PORT',
  { connections, headersMs, requestMs } = defaultLimits,
): Promise<HttpServer> {
  const serverOptions = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: headersMs / 5,
  };
  const server = await new Promise<ServerType>((resolve, reject) => {
    const starting = serve({ fetch: app.fetch, hostname: host, port, serverOptions }, () => resolve(starting));
    if (starting instanceof Server) starting.maxConnections = connections;
    starting.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' ? new StartError(`Port ${port} is taken. Set ${variable} to a free one.`) : error,
      ),
    );
  });
  const address = server.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
