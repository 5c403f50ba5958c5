import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, beforeEach, inject, vi } from 'vitest';

import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { natsLogin } from '../../local/servers/nats.ts';
import { startSesStandIn, type SesStandIn } from '../../local/ses/stand-in.ts';
import { createLiveChanges } from '../../preview/live-changes.ts';
import { createPreview } from '../../preview/preview-app.ts';
import { connectProduct, type Product } from '../../preview/product.ts';
import { createRecentEvents, type RecentEvents } from '../../preview/recent-events.ts';
import { createTemplatesOnDisk } from '../../preview/templates-on-disk.ts';
import { natsAccess } from '../../runtime/nats-connection.ts';
import { createTemplateVersions } from '../../store/postgres/template-versions.ts';
import { createNotifications } from '../../store/redis/notifications.ts';
import { connectRedis, redisReady, type Redis } from '../../store/redis/connect.ts';
import type { TemplateVersions } from '../../store/template-versions.ts';
import { ownDatabase, type OwnDatabase } from './database.ts';
import { ownNats, type OwnNats } from './own-nats.ts';
import { secret } from './secrets.ts';

const servers = inject('servers');
const project = fileURLToPath(new URL('../..', import.meta.url));
export const nobody = {
  nats: 'nats://127.0.0.1:1',
  redis: 'redis://127.0.0.1:1',
  postgres: 'postgres://postgres@127.0.0.1:1/rivulet',
};

let folder: string;
let standIn: SesStandIn;
let redis: Redis;
let own: OwnDatabase;
let nats: OwnNats;
let closing: (() => unknown)[];

/** A copy of the templates and a provider of its own before each test of a file, over the servers of the suite. */
export function previewOfThisFile() {
  own = ownDatabase();
  nats = ownNats(); // other files publish more events than the page lists
  beforeAll(async () => {
    redis = connectRedis({ url: servers.redis }, () => undefined);
    await redisReady(redis);
  });
  afterAll(async () => {
    redis.disconnect();
  });
  beforeEach(async () => {
    // Each preview is of an installation on which nothing was published yet.
    for (const table of ['template', 'template_version', 'template_history'])
      await own.postgres.query({ name: '', text: `DELETE FROM ${table}` });
    folder = mkdtempSync(join(tmpdir(), 'rivulet-preview-'));
    cpSync(join(project, 'templates'), join(folder, 'templates'), { recursive: true });
    closing = [];
    standIn = await startSesStandIn();
    vi.stubEnv('AWS_ENDPOINT_URL_SESV2', standIn.url);
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  });
  afterEach(async () => {
    for (const close of closing) await close();
    await standIn.close();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  return { open, folder: () => folder, standIn: () => standIn, stream: () => nats.stream };
}

export interface Opened {
  app: Hono;
  config: Config;
  /** What is published, as a worker sees it. */
  published: TemplateVersions;
  /** Writes a file of the templates and has it taken up, as a watch would; gives the templates that are concerned. */
  save(file: string, change: (text: string) => string): Promise<string[]>;
  get(path: string): Promise<{ status: number; text: string }>;
  json(path: string): Promise<{ status: number; body: any }>;
  post(path: string, body: string, headers?: Record<string, string>): Promise<{ status: number; body: any }>;
}

/** A preview of its own: other tests publish other versions. */
function open(away: Partial<typeof nobody> = {}, seeds = ['seed-one@example.com', 'seed-two@example.com']): Opened {
  const rules = join(folder, 'rivulet.yaml');
  const prefix = `preview-${randomUUID()}:`;
  writeFileSync(
    rules,
    readFileSync(join(project, 'rivulet.yaml'), 'utf8')
      .replace(/^seeds:.*$/m, `seeds: ${JSON.stringify(seeds)}`)
      .replace("key_prefix: 'rivulet:'", `key_prefix: '${prefix}'`),
  );
  const urls = {
    ...natsLogin('cli-operator', away.nats ?? nats.url),
    REDIS_URL: away.redis ?? servers.redis,
    POSTGRES_URL: away.postgres ?? own.url,
  };
  const { config, environment } = loadConfig({ RIVULET_CONFIG: rules, RIVULET_SECRET: secret, ...urls });
  const product: Product = connectProduct(config, environment);
  const events: RecentEvents = createRecentEvents({ access: natsAccess(urls), stream: 'MARKETING_EVENTS' });
  closing.push(
    () => product.close(),
    () => events.close(),
  );
  const { dir } = config.templates;
  const templates = createTemplatesOnDisk(() => ({ dir, topics: Object.keys(config.topics) }));
  const live = createLiveChanges(new AbortController().signal);
  const { versions, mailer } = product;
  const app = createPreview({ config: () => config, templates, versions, events, mailer, live });
  const ask = async (path: string, init: { method?: string; body?: string; headers?: Record<string, string> } = {}) =>
    app.request(`http://127.0.0.1:8026${path}`, { ...init, headers: { host: '127.0.0.1:8026', ...init.headers } });
  return {
    app,
    config,
    published: createTemplateVersions(own.postgres, createNotifications(redis, prefix)),
    async save(file, change) {
      const path = join(dir, file);
      writeFileSync(path, change(readFileSync(path, 'utf8')));
      return templates.takeUp([path]);
    },
    async get(path) {
      const reply = await ask(path);
      return { status: reply.status, text: await reply.text() };
    },
    async json(path) {
      const reply = await ask(path);
      return { status: reply.status, body: await reply.json() };
    },
    async post(path, body, headers = {}) {
      const reply = await ask(path, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      });
      return { status: reply.status, body: await reply.json() };
    },
  };
}
