import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';

import type { Finding } from '../cli/doctor-finding.ts';
import { judgeBacklog, judgeStuck, lookAtRecordedWork, lookAtWorkers } from '../cli/doctor-work.ts';
import { report } from '../cli/doctor.ts';
import { provisionNats } from '../ingress/nats.ts';
import { connectTemporal, provisionTemporal } from '../runtime/temporal.ts';
import { connectPostgres } from '../store/postgres/connect.ts';
import { createFeedProgress } from '../store/postgres/feed.ts';
import { createTemplateVersions } from '../store/postgres/template-versions.ts';
import type { TemplateVersions } from '../store/template-versions.ts';
import type { CompiledTemplate } from '../templates/compiled.ts';
import { templateNames } from '../templates/names.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { createDatabaseWithTemplates } from './support/database-with-templates.ts';
import { createDatabase, dropDatabase, type OwnDatabase, ownDatabase } from './support/database.ts';
import { signedUp, person } from './support/events.ts';
import { streamSettings } from './support/own-nats.ts';
import { ownRedis } from './support/own-redis.ts';
import { type SmtpProvider, startSmtp } from './support/providers.ts';
import { type QuietWorker, startQuietWorker } from './support/quiet-worker.ts';
import { secret } from './support/secrets.ts';
import { sharedWorkflowBundle } from './support/workflow-bundle.ts';

const servers = inject('servers');
const own = ownRedis();
const database = ownDatabase(4, createDatabaseWithTemplates);
const act = { author: 'test', message: 'test' };
const templateDir = fileURLToPath(new URL('../templates', import.meta.url));
const topics = ['onboarding', 'offers', 'newsletter'];

let smtp: SmtpProvider;
beforeAll(async () => {
  smtp = await startSmtp();
  const nats = await connect({ servers: servers.nats });
  await provisionNats({ manager: await jetstreamManager(nats) }, streamSettings);
  await nats.close();
  const named = Object.fromEntries(topics.map((topic) => [topic, { title: topic }]));
  const config = { provider: { type: 'smtp' }, topics: named, templates: { base_dir: templateDir } };
  writeFileSync(join(own.folder, 'rivulet.yaml'), JSON.stringify(config));
});
afterAll(() => smtp.stop());

/** What `rivulet doctor` says about these, as `level: what`. */
async function examine(abouts: readonly string[], namespace = 'rivulet', env: NodeJS.ProcessEnv = {}) {
  const mine = {
    NATS_URL: servers.nats,
    REDIS_URL: own.url,
    POSTGRES_URL: database.url,
    TEMPORAL_ADDRESS: servers.temporal,
    TEMPORAL_NAMESPACE: namespace,
    RIVULET_CONFIG: join(own.folder, 'rivulet.yaml'),
    RIVULET_SECRET: secret,
    SMTP_URL: `smtp://rivulet:p%40ss@127.0.0.1:${smtp.port}`,
    PUBLIC_URL: 'https://mail.example.com',
  };
  const out = await new Promise<string>((resolve) => {
    const options = { cwd: own.folder, env: { ...process.env, ...mine, ...env } };
    execFile(process.execPath, [compiledCli, 'doctor', '--json'], options, (_error, text) => resolve(text));
  });
  const findings = (JSON.parse(out) as Finding[]).filter(({ about }) => abouts.includes(about));
  return findings.map(({ level, says }) => `${level}: ${says}`);
}

const saying = (...parts: string[]) => parts.map((part) => expect.stringContaining(part) as string);

/** A whole template, with something else in one of its files. */
async function savedElsewhere(versions: TemplateVersions): Promise<CompiledTemplate> {
  const live = (await versions.live()).get('welcome') ?? '';
  const template = (await versions.load('welcome', live)) as CompiledTemplate;
  return {
    ...template,
    version: 'saved-elsewhere',
    sources: { ...template.sources, 'welcome/mail.mjml': 'Saved elsewhere' },
  };
}

function versionsIn({ postgres }: OwnDatabase): TemplateVersions {
  return createTemplateVersions(postgres, { publish: async () => {}, subscribe: () => ({ close() {} }) });
}

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe('rivulet doctor, on what runs and what waits', () => {
  let worker: QuietWorker;
  beforeAll(async () => {
    worker = await startQuietWorker(servers.temporal, await sharedWorkflowBundle());
  });
  afterAll(() => worker.close());

  it('is content with a worker and an ingress that run, and with templates as in the files', async () => {
    await createFeedProgress(database.postgres).progress('ingress', 1_000);
    const abouts = ['workers', 'queue', 'runs', 'ingress', 'in doubt', 'templates', 'SMTP'];
    await vi.waitFor(
      async () =>
        expect(await examine(abouts, worker.namespace)).toEqual(
          saying(
            'ok: ran within the last minutes, and has processed',
            'ok: no email is in doubt',
            'ok: what is live',
            'ok: polled both queues',
            'ok: email-send has no',
            'ok: no run is stuck',
            'ok: 127.0.0.1',
          ),
        ),
      { timeout: 60_000, interval: 500 },
    );

    const versions = versionsIn(database);
    await versions.publish(await savedElsewhere(versions), act);
    expect(await examine(['templates'])).toEqual(saying('warning: welcome: what is live differs from the files'));
    await versions.pin('welcome', 'saved-elsewhere', act);
    expect(await examine(['templates'])).toEqual(saying('ok: what is live'));
  });

  it('warns of an ingress that is behind, and of none', async () => {
    const feed = createFeedProgress(database.postgres);
    await feed.progress('ingress', 12 * 60_000);
    expect(await examine(['ingress'])).toEqual(saying('warning: Feedback is 12 minutes behind'));
    await feed.leave('ingress');
    expect(await examine(['ingress'])).toEqual(saying('warning: No ingress is running'));
  });

  it('warns of queues that no worker polls', async () => {
    const namespace = `doctor-${randomUUID().slice(0, 8)}`;
    const provisioner = await connectTemporal(
      { address: servers.temporal, namespace },
      { info: () => {}, warn: () => {} },
    );
    await vi.waitFor(() => provisionTemporal(provisioner, namespace, true), { timeout: 30_000, interval: 200 });
    await provisioner.connection.close();
    expect(await examine(['workers'], namespace)).toEqual(
      saying('warning: No worker has polled journeys and email-send for 90 s'),
    );
  });

  it('warns of emails in doubt', async () => {
    const month = new Date().toISOString().slice(0, 7);
    const text = `INSERT INTO send (tag, month, message_key, user_id, template, template_version, state, claim, doubt)
      VALUES ($1, $2, 'evt/receipt', 'ada', 'receipt', 'v1', 'claimed', 'a', $3)`;
    const doubt = JSON.stringify({ since: Date.now(), why: 'no answer', class: 'transactional' });
    await database.postgres.query({ name: '', text }, [randomUUID(), `${month}-01`, doubt]);
    expect(await examine(['in doubt'])).toEqual(saying('warning: 1 email is in doubt'));
  });

  it('warns of dead letters', async () => {
    const nats = await connect({ servers: servers.nats });
    const manager = await jetstreamManager(nats);
    const { seq } = await manager.jetstream().publish('marketing.dlq.invalid_json', 'junk');
    try {
      expect(await examine(['dead letters'])).toEqual([
        expect.stringMatching(/^warning: MARKETING_DLQ holds \d+: events that were not processed/),
      ]);
    } finally {
      await manager.streams.deleteMessage('MARKETING_DLQ', seq);
      await nats.close();
    }
  });

  it('calls credentials wrong that the SMTP server refuses', async () => {
    const SMTP_URL = `smtp://rivulet:geheim@127.0.0.1:${smtp.port}`;
    const said = await examine(['SMTP'], 'rivulet', { SMTP_URL });
    expect(said).toEqual(saying('wrong: 127.0.0.1'));
    expect(said.join()).not.toContain('geheim');
  });

  it('calls a Redis wrong that takes no writes', async () => {
    await own.redis.call('CONFIG', 'SET', 'maxmemory', '1');
    try {
      expect(await examine(['Redis'])).toEqual([expect.stringMatching(/^wrong: .* takes no writes \(OOM\)/)]);
    } finally {
      await own.redis.call('CONFIG', 'SET', 'maxmemory', '0');
    }
  });
});

describe('live templates', () => {
  const published = ownDatabase(4, createDatabaseWithTemplates);
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'rivulet-templates-'));
    for (const name of ['layouts', 'partials', ...templateNames])
      cpSync(join(templateDir, name), join(dir, name), { recursive: true });
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  async function judged(from = published): Promise<string> {
    const findings = await lookAtRecordedWork(from.postgres, dir);
    return findings
      .filter(({ about }) => about === 'templates')
      .map(({ level, says }) => `${level}: ${says}`)
      .join();
  }

  const change = (file: string, to: (text: string) => string) =>
    writeFileSync(join(dir, file), to(readFileSync(join(dir, file), 'utf8')));

  it('are those of the files, with the line ends of any editor', async () => {
    change('welcome/mail.mjml', (text) => text.replaceAll('\n', '\r\n'));
    expect(await judged()).toBe('ok: what is live is what the files say');
  });

  it('differ from files with a partial for one more language, in the templates that have that language', async () => {
    writeFileSync(join(dir, 'partials/items.de.mjml'), readFileSync(join(dir, 'partials/items.mjml')));
    const named =
      /^warning: (.*): what is live differs from the files\. To compare: npx --no rivulet templates diff (\S+);/;
    expect(named.exec(await judged())?.slice(1)).toEqual(['receipt, cart-reminder', 'receipt']);
  });

  it.each([
    ['layout', 'layouts/base.mjml', templateNames],
    ['text part', 'receipt/mail.de.txt', ['receipt']],
    ['front matter, which is invalid,', 'welcome/mail.ar.mjml', ['welcome']],
    ['front matter, which is invalid,', 'welcome/mail.mjml', ['welcome']],
  ])('differ from files with another %s (%s)', async (_what, file, names) => {
    change(file, (text) => (file.startsWith('welcome/') ? text.replace('subject:', 'sbject:') : `${text}\nNew`));
    expect(await judged()).toContain(`warning: ${names.join(', ')}: what is live differs`);
  });

  it('differ from files that do not compile', async () => {
    change('welcome/mail.mjml', (text) => `${text}<mj-unknown>{{#if}}`);
    expect(await judged()).toMatch(/^warning: welcome: what is live differs/);
  });

  it('cannot be compared with files that are not there', async () => {
    change('welcome/mail.de.mjml', (text) => `${text}{{> nothing}}`);
    expect(await judged()).toMatch(
      /^warning: The files cannot be compared with what is live: welcome\/mail\.de\.mjml:\d+ .* there is no partials\/nothing\.mjml/,
    );
    rmSync(join(dir, 'receipt/mail.mjml'));
    expect(await judged()).toMatch(/: receipt\/mail\.mjml does not exist$/);
    rmSync(dir, { recursive: true });
    expect(await judged()).toMatch(/does not exist\. Is templates\.base_dir in rivulet\.yaml right\?$/);
  });

  it('are missing where they were never published', async () => {
    const without = await createDatabase(servers.postgres);
    const postgres = connectPostgres({ url: without, connections: 1 });
    expect(await judged({ url: without, postgres })).toMatch(/^warning: .*\bwelcome\b.*: never published\./);
    await postgres.close();
    await dropDatabase(without);
  });
});

describe('runs that are stuck', () => {
  it('are counted, with the query that finds them', async () => {
    const code = (await sharedWorkflowBundle()).code;
    const broken = await startQuietWorker(servers.temporal, {
      code: code.replaceAll(
        'async function receipt(',
        "async function receipt() { throw new Error('a bug'); }\nasync function receiptBefore(",
      ),
    });
    const stuck = expect.objectContaining({ about: 'runs', level: 'warning' }) as Finding;
    const event = signedUp(person('ada'));
    const handle = await broken.client.workflow.start('receipt', {
      workflowId: randomUUID(),
      taskQueue: 'journeys',
      args: [event],
    });
    try {
      // Temporal says so after some attempts: the command need not be asked each time.
      await vi.waitFor(async () => expect(await lookAtWorkers(broken.client, broken.namespace)).toContainEqual(stuck), {
        timeout: 100_000,
        interval: 500,
      });
      expect(await examine(['runs'], broken.namespace)).toEqual(
        saying('warning: 1 run is stuck in a failing workflow task'),
      );
    } finally {
      await handle.terminate();
      await broken.close();
    }
  }, 150_000);

  it('are said in a sentence', () => {
    expect(judgeStuck(undefined)).toMatchObject({
      level: 'warning',
      says: expect.stringContaining('cannot be counted') as string,
    });
    expect(judgeStuck(2)).toMatchObject({
      level: 'warning',
      says: expect.stringMatching(/^2 runs are stuck/) as string,
    });
  });
});

describe('the backlog of sends', () => {
  it.each([
    [{ waiting: 0, oldestMs: 0 }, 'ok'],
    [{ waiting: 5, oldestMs: 9_000 }, 'ok'],
    [{ waiting: 5, oldestMs: 10_000 }, 'warning'],
  ])('of %o is %s', (queue, level) => {
    expect(judgeBacklog(queue).level).toBe(level);
  });
});

describe('the last line', () => {
  const ok: Finding = { level: 'ok', about: 'Redis', says: 'answers' };
  it.each([
    [[ok], 'All checks passed: an email would be sent now.'],
    [[ok, { ...ok, level: 'warning' } as const], 'Nothing wrong, 1 warning.'],
    [[ok, { ...ok, level: 'wrong' } as const], '1 wrong, 0 warnings.'],
  ])('says that all checks passed only when nothing else was found', (findings, last) => {
    expect(report(findings).at(-1)).toBe(last);
  });
});
