import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';

/**
 * The public app: pages behind links in emails, and the SNS endpoint. Health and metrics are on another port. Paths with dot segments
 * are rejected: a proxy that allows paths by prefix might resolve them differently.
 */
export function createPublicApp(): Hono {
  const app = new Hono<{ Bindings: Partial<HttpBindings> }>();
  app.use('*', async (c, next) => {
    const target = c.env?.incoming?.url ?? '';
    if (hasDotSegment(target)) return c.text('bad request\n', 400);
    return next();
  });
  return app as unknown as Hono;
}

/** As browsers and servers read them: a dot may be encoded, and a backslash counts as a slash. */
export function hasDotSegment(target: string): boolean {
  const [path = ''] = target.split(/[?#]/, 1);
  return path
    .replaceAll(/%2e/gi, '.')
    .replaceAll(/%2f|%5c|\\/gi, '/')
    .split('/')
    .some((segment) => segment === '.' || segment === '..');
}
