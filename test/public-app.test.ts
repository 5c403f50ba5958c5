import { createServer, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';

import { Hono } from 'hono';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { createHealthApp, type HttpServer, listen } from '../runtime/health.ts';
import { createPublicApp, hasDotSegment } from '../runtime/public-app.ts';
import { raw } from './support/pages.ts';

const open: HttpServer[] = [];
afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

async function serve(app: Hono, variable: 'HTTP_PORT' | 'HEALTH_PORT' = 'HTTP_PORT'): Promise<HttpServer> {
  const server = await listen(app, '127.0.0.1', 0, variable);
  open.push(server);
  return server;
}

const statusOf = async (url: string, target: string) => {
  const answer = await raw(url, `GET ${target} HTTP/1.1`, 'Host: example.com', 'Connection: close', '', '');
  return Number(answer.split(' ')[1]);
};

describe('a path with dot segments', () => {
  const targets = [
    '/u/../metrics',
    '/u/%2e%2e/metrics',
    '/u/%2E%2e/metrics',
    '/u/.%2e/metrics',
    '/preferences/./../metrics',
    '/feedback/sns/../../metrics',
    '/u/x/../../readyz',
    '/u/..',
    '/u/.',
    '/..',
    '/u/..%2fmetrics',
    '/u/..%5cmetrics',
    '/u/..\\metrics',
    '/u/../metrics?x=1',
    'http://example.com/u/../metrics',
  ];

  it.each(targets)('%s is refused', async (target) => {
    const app = createPublicApp();
    app.get('*', (c) => c.text('reached'));
    const { url } = await serve(app);
    expect(hasDotSegment(target)).toBe(true);
    expect(await statusOf(url, target)).toBe(400);
  });

  it.each(['/u/v1.1.abc', '/u/...', '/u/a.b', '/u/x?next=../metrics', '/', '/u/.well-known'])(
    '%s has none',
    async (target) => {
      const app = createPublicApp();
      app.get('*', (c) => c.text('reached'));
      const { url } = await serve(app);
      expect(await statusOf(url, target)).toBe(200);
    },
  );
});

it('health and metrics are not on the public port', async () => {
  const { url } = await serve(createPublicApp());
  for (const path of ['/healthz', '/readyz', '/metrics']) expect(await statusOf(url, path)).toBe(404);
});

it('/readyz names what is away, and quotes nothing of the error', async () => {
  const checks = {
    postgres: async () => {
      throw new Error('connect ECONNREFUSED 10.1.2.3:5432 for user secret_user');
    },
    redis: async () => {},
  };
  const { url } = await serve(createHealthApp(checks, new Registry()), 'HEALTH_PORT');
  const answer = await fetch(`${url}/readyz`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toEqual({ ready: false, dependencies: { postgres: 'unavailable', redis: 'ok' } });
});

it('a port that is taken is said with the variable that changes it', async () => {
  const nothing: RequestListener = () => {};
  const taken = createServer(nothing).listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  await expect(listen(new Hono(), '127.0.0.1', port, 'HEALTH_PORT')).rejects.toThrow(
    `Port ${port} is taken. Set HEALTH_PORT to a free one.`,
  );
  taken.close();
});

describe('connections', () => {
  it('that send slowly, or nothing, are closed', async () => {
    const limits = { connections: 10, headersMs: 100, requestMs: 200 };
    const server = await listen(createPublicApp(), '127.0.0.1', 0, 'HTTP_PORT', limits);
    open.push(server);
    expect(await raw(server.url, 'GET / HTTP/1.1', 'Host: exam')).toMatch(/^HTTP\/1.1 408 /);
  });

  it('beyond the limit are refused, and one that ends makes room', async () => {
    const limits = { connections: 2, headersMs: 10_000, requestMs: 30_000 };
    const server = await listen(createPublicApp(), '127.0.0.1', 0, 'HTTP_PORT', limits);
    open.push(server);
    const { port } = new URL(server.url);
    const held = [connect(Number(port), '127.0.0.1'), connect(Number(port), '127.0.0.1')];
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    await vi.waitFor(async () => expect(await statusOf(server.url, '/').catch(() => 'refused')).not.toBe(404));
    held[0]?.destroy();
    await vi.waitFor(async () => expect(await statusOf(server.url, '/').catch(() => 'refused')).toBe(404));
    held[1]?.destroy();
  });
});
