import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

import { Hono } from 'hono';
import { afterEach, expect, inject } from 'vitest';

import { configSchema } from '../../config/schema.ts';
import type { ConsentEvent, PageDependencies } from '../../ingress/pages/dependencies.ts';
import { parseEvent } from '../../events/parse.ts';
import { addPages } from '../../ingress/pages/index.ts';
import { listen } from '../../runtime/health.ts';
import { createLinks, type Links } from '../../runtime/links.ts';
import { createTokens, type Tokens } from '../../runtime/tokens.ts';
import type { Postgres } from '../../store/postgres/connect.ts';
import { createStore, type Store } from '../../store/store.ts';
import { connectRedis, redisReady } from '../../store/redis/connect.ts';
import { ownDatabase } from './database.ts';
import { person } from './events.ts';

const secret = 'cd'.repeat(32);
export const monday = 1_760_000_000_000;

export const topics = {
  onboarding: {
    title: 'Getting started',
    description: 'A handful of mails in your first weeks.',
    translations: { de: { title: 'Erste Schritte', description: 'Ein paar E-Mails in den ersten Wochen.' } },
  },
  offers: {
    title: 'Offers',
    description: 'What is new and what costs less, once a month at most.',
    translations: { de: { title: 'Angebote' }, ar: { title: 'العروض', description: 'مرة في الشهر على الأكثر.' } },
  },
};

/** The pages on a server that listens, over the Redis of the tests, with Ada, who agreed to both topics. */
export interface Pages {
  url: string;
  store: Store;
  tokens: Tokens;
  links: Links;
  ada: { user_id: string; email: string };
  published: ConsentEvent[];
  /** `page:result` of every request. */
  counted: string[];
  logged: unknown[];
  /** Moves the clock of the pages on, in milliseconds. */
  later(ms: number): void;
  /** From now on nothing can be published. */
  publishingFails(): void;
  /** From now on the record is out of reach of the pages. */
  recordBecomesUnavailable(): void;
  states(): Promise<Record<string, string>>;
  records(): Promise<number>;
  get(url: string, headers?: Record<string, string>): Promise<Page>;
  /** As a browser sends a form of the page's own. */
  post(url: string, form?: [string, string][], headers?: Record<string, string>): Promise<Page>;
}

export interface Page {
  status: number;
  headers: Headers;
  html: string;
  /** Where the page's forms lead, whole; by the words on their button. */
  forms: Record<string, string>;
  links: string[];
  ticked: string[];
  /** What is said in `role=status`. */
  said: string | undefined;
}

/** The record, until it is away. */
function unless(away: () => boolean, postgres: Postgres): Postgres {
  const refuse = () => Promise.reject(new Error('connect ECONNREFUSED'));
  return {
    query: (...asked) => (away() ? refuse() : postgres.query(...asked)),
    transaction: (work) => (away() ? refuse() : postgres.transaction(work)),
    close: () => postgres.close(),
  };
}

/** Pages over a database of the file's own. Each call opens some of a person's own; they close with the test. */
export function pagesOfThisFile(): (change?: Partial<PageDependencies>) => Promise<Pages> {
  const database = ownDatabase(8);
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  return (change = {}) => openPages(database.postgres, closing, change);
}

async function openPages(
  postgres: Postgres,
  closing: (() => unknown)[],
  change: Partial<PageDependencies>,
): Promise<Pages> {
  const redis = connectRedis({ url: inject('servers').redis }, () => {});
  closing.push(() => redis.disconnect());
  await redisReady(redis);
  const settings = { keyPrefix: `pages-${randomUUID()}:`, secret, rateLimit: 50, quotaReserve: 0 };
  const store = createStore({ postgres, redis }, settings);
  const ada = person('ada');
  await store.contacts.record(ada.user_id, { email: ada.email, name: 'Ada', locale: 'en-GB', country: 'GB' }, monday);
  const agreed = { id: 'sign-up', state: 'granted', consent: { topics: Object.keys(topics) }, at: monday } as const;
  await store.consents.record(ada.user_id, agreed);

  const published: ConsentEvent[] = [];
  const counted: string[] = [];
  const logged: unknown[] = [];
  const note = (...facts: unknown[]) => void logged.push(facts);
  let [ahead, broken, away] = [0, false, false];
  const tokens = createTokens({ secret, keys: ['new', 'old'], installation: 'test' });
  const app = new Hono();
  addPages(app, {
    store: createStore({ postgres: unless(() => away, postgres), redis }, settings),
    tokens,
    topics,
    compliance: configSchema.parse({}).compliance,
    sender: 'Tea & Company <hello@example.com>',
    publicUrl: 'https://mail.example.com/letters/',
    async publish(event) {
      if (broken) throw new Error('NATS is away');
      // Whatever ingress would not take in is nothing that a page may say.
      expect(parseEvent(new TextEncoder().encode(JSON.stringify(event)))).toMatchObject({ ok: true });
      published.push(event);
    },
    count: (page, result) => counted.push(`${page}:${result}`),
    log: { info: note, warn: note, error: note },
    now: () => Date.now() + ahead,
    ...change,
  });
  const server = await listen(app, '127.0.0.1', 0, 'HTTP_PORT');
  closing.unshift(() => server.close());

  return {
    url: server.url,
    store,
    tokens,
    links: createLinks({ publicUrl: server.url, tokens }),
    ada,
    published,
    counted,
    logged,
    later: (ms) => void (ahead += ms),
    publishingFails: () => void (broken = true),
    recordBecomesUnavailable: () => void (away = true),
    states: async () =>
      Object.fromEntries(
        await Promise.all(
          Object.keys(topics).map(async (topic) => [topic, await store.consents.stateOf(ada.user_id, topic)]),
        ),
      ),
    records: async () => (await store.consents.history(ada.user_id)).length,
    get: async (url, headers = {}) => read(url, await fetch(url, { headers: { accept: 'text/html', ...headers } })),
    post: async (url, form = [], headers = {}) =>
      read(
        url,
        await fetch(url, {
          method: 'POST',
          body: new URLSearchParams(form),
          redirect: 'manual',
          headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin', ...headers },
        }),
      ),
  };
}

async function read(url: string, answer: Response): Promise<Page> {
  const html = await answer.text();
  const whole = (path: string | undefined) => new URL(path ?? '', url).href;
  const forms = [...html.matchAll(/<form method="post" action="([^"]+)">(.*?)<\/form>/gs)];
  return {
    status: answer.status,
    headers: answer.headers,
    html,
    forms: Object.fromEntries(
      forms.map(([, action, inside = '']) => [/<button[^>]*>([^<]*)</.exec(inside)?.[1]?.trim(), whole(action)]),
    ),
    links: [...html.matchAll(/<a [^>]*href="([^"]+)"/g)].map(([, href]) => whole(href)),
    ticked: [...html.matchAll(/value="([^"]+)"\s+checked/g)].map(([, name = '']) => name),
    said: /role="status">([^<]*)</.exec(html)?.[1],
  };
}

/** Sends these bytes and gives what comes back until the other end closes. */
export async function raw(url: string, ...lines: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(lines.join('\r\n'));
  return text(socket);
}
