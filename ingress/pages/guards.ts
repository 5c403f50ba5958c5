import type { Context } from 'hono';

/** What stands after `/u/` or `/preferences/`, to the letter: another spelling of a token is no token. */
export function tokenIn(c: Context): string {
  const { pathname } = new URL(c.req.url);
  return pathname.slice(pathname.indexOf('/', 1) + 1);
}

/**
 * Whether a form was sent by another site. Browsers say where a request comes from; whoever says nothing is an old browser
 * or a program, and holds a token that no other site knows.
 */
export function isCrossSite(c: Context, publicUrl: string): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const origin = c.req.header('origin');
  if (origin === undefined) return false;
  const host = hostOf(origin);
  return host === undefined || (host !== c.req.header('host')?.toLowerCase() && host !== hostOf(publicUrl));
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}

export interface Brake {
  /** Counts one more; gives the seconds to wait when that was one too many, else undefined. */
  tooMany(who: string): number | undefined;
}

const windowMs = 60_000;
const mostClients = 10_000;

/** So many a minute for each client. Remembers a bounded number of them, the oldest are forgotten first. */
export function createBrake(perMinute: number, now: () => number): Brake {
  const clients = new Map<string, { count: number; until: number }>();
  return {
    tooMany(who) {
      const time = now();
      let client = clients.get(who);
      if (!client || client.until <= time) {
        clients.delete(who);
        const [oldest] = clients.keys();
        if (clients.size >= mostClients && oldest !== undefined) clients.delete(oldest);
        clients.set(who, (client = { count: 0, until: time + windowMs }));
      }
      client.count += 1;
      return client.count > perMinute ? Math.ceil((client.until - time) / 1_000) : undefined;
    },
  };
}
