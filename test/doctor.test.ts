import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import type { Finding } from '../cli/doctor-finding.ts';
import { judgeAccount, judgeConfigurationSet, judgeIdentity } from '../cli/doctor-ses.ts';
import { configSchema } from '../config/schema.ts';
import { provisionNats } from '../ingress/nats.ts';
import { findServers } from '../local/servers/find.ts';
import { choosePorts } from '../local/servers/ports.ts';
import { redis as redisRecipe } from '../local/servers/redis.ts';
import { type Server, serverProcess } from '../local/servers/server-process.ts';
import { type SesStandIn, startSesStandIn } from '../local/ses/stand-in.ts';
import { durabilityWarnings } from '../state/durability.ts';
import { createKeys } from '../state/keys.ts';
import { createStops, type Stops } from '../state/stops.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const servers = inject('servers');
const secret = '5ec7e75e'.repeat(8);

let folder: string;
/** A Redis of these tests' own, since they change its settings. */
let server: Server;
let url: string;
let redis: Redis;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-doctor-'));
  const { redis: binary } = await findServers({ root });
  const { port } = await choosePorts({ port: undefined }, 'free');
  server = serverProcess(redisRecipe({ binary, dataDir: folder, port, durable: true }), () => {});
  await server.start();
  url = `redis://127.0.0.1:${port}`;
  redis = new Redis(url);
}, 120_000);
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a Redis', () => {
  it('that writes before it answers and never evicts is as durable as it must be', async () => {
    expect(await durabilityWarnings(redis)).toEqual([]);
  });

  it.each([
    ['appendfsync', 'everysec', /appendfsync is everysec: .* forgets the last second, .* Set appendfsync always/],
    ['appendfsync', 'no', /appendfsync is no: .* forgets the last half minute/],
    ['appendonly', 'no', /^appendonly is no: .* forgets everything since its last snapshot/],
    ['no-appendfsync-on-rewrite', 'yes', /while Redis rewrites its file/],
    ['maxmemory-policy', 'allkeys-lru', /^maxmemory-policy is allkeys-lru: .* Set maxmemory-policy noeviction/],
  ])('with %s %s is told apart in one sentence', async (name, value, sentence) => {
    const [, before = ''] = await redis.config('GET', name);
    await redis.config('SET', name, value);
    try {
      expect(await durabilityWarnings(redis)).toEqual([expect.stringMatching(sentence)]);
    } finally {
      await redis.config('SET', name, before);
    }
  });

  it('that is a replica cannot keep the ledger', async () => {
    await asReplica(async () => {
      expect(await durabilityWarnings(redis)).toEqual([expect.stringContaining('is a replica')]);
    });
  });

  it('whose CONFIG is not permitted tells what it can, and the rest is named', async () => {
    const managed = await connectAs('managed', '-config');
    expect(await durabilityWarnings(managed)).toEqual([expect.stringMatching(/^appendfsync could not be checked: /)]);
    await redis.config('SET', 'appendonly', 'no');
    try {
      expect(await durabilityWarnings(managed)).toEqual([
        expect.stringMatching(/^appendonly is no/),
        expect.stringMatching(/^appendfsync could not be checked/),
      ]);
    } finally {
      await redis.config('SET', 'appendonly', 'yes');
      managed.disconnect();
    }
  });

  it('that says nothing about itself is not called durable', async () => {
    const silent = await connectAs('silent', '-config', '-info');
    expect(await durabilityWarnings(silent)).toEqual([
      expect.stringMatching(/^appendonly, appendfsync, maxmemory-policy could not be checked/),
    ]);
    silent.disconnect();
  });

  it('that is away is no warning but an error', async () => {
    const away = new Redis({ host: '127.0.0.1', port: 1, lazyConnect: true, maxRetriesPerRequest: 0 });
    away.on('error', () => {});
    await expect(durabilityWarnings(away)).rejects.toThrow();
    away.disconnect();
  });
});

/** While `use` runs, our Redis follows a primary that nobody is. */
async function asReplica(use: () => Promise<void>): Promise<void> {
  await redis.call('REPLICAOF', '127.0.0.1', '1');
  try {
    await use();
  } finally {
    await redis.call('REPLICAOF', 'NO', 'ONE');
  }
}

async function connectAs(username: string, ...rules: string[]): Promise<Redis> {
  await redis.call('ACL', 'SETUSER', username, 'on', '>geheim', '~*', '&*', '+@all', ...rules);
  // Asking INFO whether Redis is ready would be the first thing that is refused.
  return new Redis(url, { username, password: 'geheim', enableReadyCheck: false });
}

describe('rivulet doctor', () => {
  let ses: SesStandIn;
  let stops: Stops;
  let config: Record<string, object>;

  beforeAll(async () => {
    const nats = await connect({ servers: servers.nats });
    // Ingress makes the streams at its start; here none is running.
    const settings = { maxAgeMs: 604_800_000, maxAckPending: 1_000 };
    const streams = { events: 'MARKETING_EVENTS', deadLetters: 'MARKETING_DLQ' };
    await provisionNats({ manager: await jetstreamManager(nats) }, { ...streams, ...settings });
    await nats.close();
  });
  beforeEach(async () => {
    ses = await startSesStandIn();
    const key_prefix = `doctor-${randomUUID()}:`;
    config = { suppression: { key_prefix } };
    stops = createStops(redis, createKeys(key_prefix, secret));
  });
  afterEach(() => ses.close());

  /** For what has nothing to do with SES: asking it takes seconds. */
  const bySmtp = () => (config['provider'] = { type: 'smtp' });

  it('finds nothing wrong with a system that is well, and exits with 0', async () => {
    const { code, findings } = await examine();
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(findings.map(({ about }) => about).join(', ')).toBe(
      'configuration, Redis, gates, NATS, stream, consumer, stream, Temporal, Temporal, ' +
        'SES account, SES quota, SES config, SES sender, SES DKIM, SES MAIL FROM',
    );
    expect(code).toBe(0);
  });

  it('prints one line for each finding, and how many are not well', async () => {
    bySmtp();
    await stops.pause('topic:offers');
    const { code, out } = await rivulet(['doctor']);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines.at(-1)).toBe('Nothing wrong, 1 warning.');
    expect(lines.slice(0, -2).filter((line) => !/^(ok|warning) {2,}\S/.test(line))).toEqual([]);
    expect(out).toMatch(/^warning {2}pause {10}topic:offers is paused since .* npx rivulet resume --topic offers$/m);
  });

  it('calls a closed gate wrong, says how it opens, and exits with 1', async () => {
    bySmtp();
    const detail = 'Sending is paused';
    await stops.close({ scope: 'account', reason: 'SendingPausedException', detail, opens: 'probe' });
    await stops.close({ scope: 'credentials', reason: 'AccessDenied', detail: 'No', opens: 'operator' });
    const { code, wrong } = await examine();
    expect(wrong('gate')).toEqual([
      expect.stringMatching(/^account is closed since .* \(Sending is paused\)\. Opens by itself, once a probe/),
      expect.stringMatching(/^credentials is closed .* Opens only by hand, .*: npx rivulet gate open credentials$/),
    ]);
    expect(code).toBe(1);
  });

  it('passes on what SES says of an account that is switched off, in the sandbox and under review', async () => {
    ses.faults.update({ sendingEnabled: false, productionAccessEnabled: false, enforcementStatus: 'PROBATION' });
    const { code, wrong, warnings } = await examine();
    expect(wrong('SES account')).toEqual([expect.stringContaining('sending is switched off')]);
    expect(wrong('SES config')).toEqual([expect.stringContaining('switched off for the configuration set "rivulet"')]);
    expect(warnings('SES account')).toEqual([
      expect.stringContaining('under review (PROBATION)'),
      expect.stringContaining('sandbox'),
    ]);
    expect(code).toBe(1);
  });

  it('calls the sandbox alone a warning, and exits with 0', async () => {
    ses.faults.update({ productionAccessEnabled: false });
    const { code, warnings } = await examine();
    expect(warnings('SES account')).toEqual([expect.stringContaining('only verified addresses get mail')]);
    expect(code).toBe(0);
  });

  it('names a configuration set that does not exist', async () => {
    ses.faults.update({ missingConfigurationSets: ['rivulet'] });
    const { code, wrong } = await examine();
    expect(wrong('SES config')).toEqual([expect.stringContaining('no configuration set "rivulet"')]);
    expect(code).toBe(1);
  });

  it('takes the identity of the domain above where the address has none, and says when nobody has', async () => {
    config['provider'] = { from: 'Rivulet <hello@news.example.com>' };
    const unknown = { type: 'error', name: 'NotFoundException', status: 404, message: 'No such identity' } as const;
    ses.faults.add({ match: { operation: 'GetEmailIdentity' }, times: 2, action: unknown });
    expect((await examine()).findings).toContainEqual(
      expect.objectContaining({ level: 'ok', about: 'SES sender', says: 'example.com is verified' }),
    );
    ses.faults.add({ match: { operation: 'GetEmailIdentity' }, action: unknown });
    const { code, wrong } = await examine();
    expect(wrong('SES sender')).toEqual([
      expect.stringContaining('hello@news.example.com, which may not send: SES knows no identity'),
    ]);
    expect(code).toBe(1);
  });

  it('only warns where the credentials may send but not ask', async () => {
    const denied = { type: 'error', name: 'AccessDeniedException', status: 403, message: 'Not authorized' } as const;
    ses.faults.add({ match: { operation: '*' }, action: denied });
    const { code, warnings } = await examine();
    for (const about of ['SES account', 'SES config', 'SES sender'])
      expect(warnings(about)).toEqual([expect.stringContaining('could not be examined: AccessDeniedException')]);
    expect(code).toBe(0);
  });

  it('asks SES one thing a second at most', async () => {
    const started = Date.now();
    await examine();
    const calls = Object.values(ses.record.stats().requests).reduce((sum, count) => sum + count, 0);
    expect(calls).toBe(3);
    expect(Date.now() - started).toBeGreaterThanOrEqual((calls - 1) * 1_000);
  });

  it('finds what is away, each by its name, and looks at the rest', async () => {
    const nobody = '127.0.0.1:1';
    const { code, wrong } = await examine({
      REDIS_URL: `redis://:geheim@${nobody}`,
      NATS_URL: `nats://${nobody}`,
      TEMPORAL_ADDRESS: nobody,
      AWS_ENDPOINT_URL_SESV2: `http://${nobody}`,
    });
    expect(wrong('Redis')).toEqual([expect.stringContaining('does not answer at redis://127.0.0.1:1')]);
    expect(wrong('NATS')).toEqual([expect.stringContaining('does not answer at nats://127.0.0.1:1')]);
    expect(wrong('Temporal')).toEqual([expect.stringContaining('does not answer at 127.0.0.1:1')]);
    expect(wrong('SES')).toEqual([expect.stringContaining('could not be asked')]);
    expect(code).toBe(1);
  });

  it('finds streams and a namespace that are not there', async () => {
    bySmtp();
    config['queues'] = { marketing_events: { name: 'NO_EVENTS', dlq: 'NO_DLQ' } };
    const { code, wrong } = await examine({ TEMPORAL_NAMESPACE: 'nowhere' });
    expect(wrong('stream')).toEqual([
      expect.stringContaining('no stream NO_EVENTS. An ingress makes it at its start'),
      expect.stringContaining('no stream NO_DLQ'),
    ]);
    expect(wrong('Temporal')).toEqual([expect.stringContaining('no namespace "nowhere"')]);
    expect(code).toBe(1);
  });

  it('finds events that would outlive their runs', async () => {
    bySmtp();
    config['queues'] = { marketing_events: { max_age: '40d' } };
    const { code, wrong } = await examine();
    expect(wrong('Temporal')).toEqual([
      expect.stringContaining('keeps runs for 30 days, but events stay for 40 days: one that outlives its run'),
    ]);
    expect(code).toBe(1);
  });

  it('warns of a Redis that forgets, and calls a replica wrong', async () => {
    bySmtp();
    await redis.config('SET', 'appendfsync', 'everysec');
    const forgetful = await examine();
    await redis.config('SET', 'appendfsync', 'always');
    expect(forgetful.warnings('Redis')).toEqual([expect.stringContaining('appendfsync is everysec')]);
    expect(forgetful.code).toBe(0);

    await asReplica(async () => {
      const { code, wrong } = await examine();
      expect(wrong('Redis')).toEqual([expect.stringContaining('is a replica')]);
      expect(code).toBe(1);
      const paused = await rivulet(['pause', '--all']);
      expect(paused.code).toBe(1);
      expect(paused.err).toBe('This Redis is a replica: it takes no writes. Point REDIS_URL at the primary server.\n');
    });
  });

  it('does not wait for a Redis that stands still', async () => {
    bySmtp();
    await server.kill('SIGSTOP');
    try {
      const { code, wrong } = await examine();
      expect(wrong('Redis')).toEqual([expect.stringContaining('does not answer at redis://127.0.0.1:')]);
      expect(code).toBe(1);
    } finally {
      await server.kill('SIGCONT');
    }
  });

  it('lists every mistake of the configuration, and looks at nothing else', async () => {
    config['provider'] = { rate_limit: -1, settle_after: 'soon' };
    const { code, findings, wrong } = await examine();
    expect(wrong('configuration')).toEqual([
      expect.stringContaining('provider.rate_limit'),
      expect.stringContaining('provider.settle_after'),
    ]);
    expect(findings).toHaveLength(3);
    expect(code).toBe(1);
  });

  it('does not need RIVULET_SECRET, but says that worker and ingress do; a broken one is wrong', async () => {
    bySmtp();
    const without = await examine({ RIVULET_SECRET: '' });
    expect(without.warnings('configuration')).toEqual([expect.stringContaining('RIVULET_SECRET is required')]);
    expect(without.code).toBe(0);
    const broken = await examine({ RIVULET_SECRET: 'geheim' });
    expect(broken.wrong('configuration')).toEqual([expect.stringContaining('must be 64 hexadecimal digits')]);
    expect(broken.out).not.toContain('geheim');
  });

  it('asks no SES where mail goes by SMTP, and shows no password', async () => {
    bySmtp();
    const set = await examine();
    expect(set.findings).toContainEqual(expect.objectContaining({ level: 'ok', about: 'SMTP' }));
    expect(set.out).not.toContain('geheim');
    expect(ses.record.stats().requests).toEqual({});
    const unset = await examine({ SMTP_URL: '' });
    expect([...unset.wrong('SMTP'), ...unset.wrong('configuration')]).toEqual([expect.stringContaining('SMTP_URL')]);
    expect(unset.code).toBe(1);
  });

  async function examine(env: Record<string, string> = {}) {
    const { code, out, err } = await rivulet(['doctor', '--json'], env);
    expect(err).toBe('');
    const findings = JSON.parse(out) as Finding[];
    const saying = (level: Finding['level']) => (about: string) =>
      findings.filter((one) => one.level === level && one.about === about).map(({ says }) => says);
    return { code, out, findings, wrong: saying('wrong'), warnings: saying('warning') };
  }

  interface Ran {
    code: number;
    out: string;
    err: string;
  }

  function rivulet(args: string[], env: Record<string, string> = {}): Promise<Ran> {
    writeFileSync(join(folder, 'rivulet.yaml'), JSON.stringify(config));
    const mine = {
      NATS_URL: servers.nats,
      REDIS_URL: url,
      TEMPORAL_ADDRESS: servers.temporal,
      TEMPORAL_NAMESPACE: 'rivulet',
      RIVULET_CONFIG: join(folder, 'rivulet.yaml'),
      RIVULET_SECRET: secret,
      SMTP_URL: 'smtp://rivulet:geheim@mail.example.com:587',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL_SESV2: ses.url,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [join(root, 'cli/rivulet.mjs'), ...args],
        { cwd: folder, env: { ...process.env, ...mine, ...env } },
        (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
      );
    });
  }
});

describe('what SES says', () => {
  const { provider } = configSchema.parse({});
  const lines = (findings: Finding[]) => findings.map(({ level, about, says }) => `${level} ${about}: ${says}`);
  const well = { SendingEnabled: true, ProductionAccessEnabled: true, EnforcementStatus: 'HEALTHY' };
  const quota = (sent: number, max = 1_000) =>
    lines(
      judgeAccount(
        { ...well, SendQuota: { Max24HourSend: max, SentLast24Hours: sent, MaxSendRate: 10 } },
        provider,
      ).filter(({ about }) => about === 'SES quota'),
    );

  it('of the quota: what is used, and when mail waits for it', () => {
    expect(quota(899)).toEqual(['ok SES quota: 899 of 1000 mails in 24 hours used; 10 a second']);
    expect(quota(900)).toEqual([expect.stringMatching(/^warning .* kept for transactional mail/)]);
    expect(quota(1_000)).toEqual([expect.stringMatching(/^warning .* Mail waits until there is room/)]);
    expect(quota(7, -1)).toEqual(['ok SES quota: 7 mails in 24 hours, without a limit; 10 a second']);
  });

  it('of an account that is shut down', () => {
    const [shut] = judgeAccount({ ...well, EnforcementStatus: 'SHUTDOWN' }, provider);
    expect(shut).toMatchObject({ level: 'wrong', about: 'SES account' });
  });

  it('of a configuration set', () => {
    expect(judgeConfigurationSet('mine', {})).toMatchObject([{ level: 'ok' }]);
    expect(judgeConfigurationSet('mine', undefined)).toMatchObject([{ level: 'wrong' }]);
  });

  it.each([
    [{ Status: 'PENDING' }, 'is PENDING'],
    [{ Status: 'SUCCESS', SigningEnabled: false }, 'signing is switched off'],
    [undefined, 'is not set up'],
  ] as const)('of DKIM that does not sign (%j): a warning', (DkimAttributes, says) => {
    const identity = DkimAttributes === undefined ? {} : { DkimAttributes };
    expect(judgeIdentity('example.com', identity)).toContainEqual(
      expect.objectContaining({ level: 'warning', about: 'SES DKIM', says: expect.stringContaining(says) }),
    );
  });

  it.each([
    ['USE_DEFAULT_VALUE', 'warning', 'SES uses its own domain meanwhile'],
    ['REJECT_MESSAGE', 'wrong', 'SES refuses every mail'],
  ] as const)('of a MAIL FROM domain without its MX record, with %s: %s', (BehaviorOnMxFailure, level, says) => {
    const mailFrom = {
      MailFromDomain: 'bounce.example.com',
      MailFromDomainStatus: 'FAILED',
      BehaviorOnMxFailure,
    } as const;
    expect(judgeIdentity('example.com', { MailFromAttributes: mailFrom })).toContainEqual(
      expect.objectContaining({ level, about: 'SES MAIL FROM', says: expect.stringContaining(says) }),
    );
  });
});
