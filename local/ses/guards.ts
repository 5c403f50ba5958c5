import type { Context, MiddlewareHandler } from 'hono';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const CANNOT_BE_REBOUND = /^(?:[a-z0-9_-]+|\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\])$/;

/**
 * Refuses a Host that a web page may have made up: a name that is made to point here (DNS rebinding) would let that page
 * read the inbox. A name of one word or an IP address cannot be such a name, so a container, where `inContainer`, is
 * reached by its own. `allowed` adds further names.
 */
export function refuseForeignHosts(allowed: readonly string[], inContainer: boolean): MiddlewareHandler {
  return async (c, next) => {
    const host = (c.req.header('host') ?? '').replace(/:\d+$/, '').toLowerCase();
    const known = LOOPBACK.has(host) || allowed.includes(host) || (inContainer && CANNOT_BE_REBOUND.test(host));
    return known ? next() : c.json({ message: `Host ${host} is not served here; use 127.0.0.1.` }, 421);
  };
}

/** Another site may link here, but not change anything: it could clear the inbox or plan faults from a visitor's tab. */
export const refuseCrossOriginChanges: MiddlewareHandler = async (c, next) => {
  if (changesSomething(c.req.method) && !isSameOrigin(c)) {
    return c.json({ message: 'Changes from another origin are refused.' }, 403);
  }
  return next();
};

const changesSomething = (method: string) => method !== 'GET' && method !== 'HEAD';

function isSameOrigin(c: Context): boolean {
  const origin = c.req.header('origin');
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  // No Origin at all is curl or a test; a page in a browser cannot leave it out of such a request.
  return origin === undefined || origin === `http://${c.req.header('host')}`;
}

const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** For the body of a mail, which is somebody else's HTML: no scripts, no forms, no origin, wherever it is opened. */
export const MAIL_BODY_POLICY =
  "sandbox; default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; " +
  "form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  const defaults = {
    'content-security-policy': PAGE_POLICY,
    'x-content-type-options': 'nosniff',
    // Not no-referrer: it would make browsers send `Origin: null` with our own form that clears the inbox.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  };
  for (const [name, value] of Object.entries(defaults)) if (!c.res.headers.has(name)) c.header(name, value);
};
