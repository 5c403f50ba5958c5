import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import type { Finding } from '../cli/doctor-finding.ts';
import { provisionNats } from '../ingress/nats.ts';
import { type SesStandIn, startSesStandIn } from '../local/ses/stand-in.ts';
import { createInstallation } from '../store/postgres/installation.ts';
import { createStops } from '../store/postgres/stops.ts';
import type { Stops } from '../store/stops.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { createDatabase, dropDatabase, ownDatabase } from './support/database.ts';
import { ownRedis } from './support/own-redis.ts';
import { type SmtpProvider, startSmtp } from './support/providers.ts';
import { anotherSecret, secret } from './support/secrets.ts';

const servers = inject('servers');

/** The month after `2026-12`, written likewise. */
function nextMonth(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number)).toISOString().slice(0, 7);
}

const own = ownRedis();
const database = ownDatabase();

function sql(text: string): Promise<object[]> {
  return database.postgres.query({ name: '', text });
}

describe('rivulet doctor', () => {
  let ses: SesStandIn;
  let smtp: SmtpProvider;
  let stops: Stops;
  let config: Record<string, object>;

  beforeAll(async () => {
    smtp = await startSmtp();
    const nats = await connect({ servers: servers.nats });
    // Ingress makes the streams at its start; here none is running.
    const settings = { maxAgeMs: 604_800_000, maxAckPending: 1_000, retries: 'MARKETING_RETRY' };
    const streams = { events: 'MARKETING_EVENTS', deadLetters: 'MARKETING_DLQ' };
    await provisionNats({ manager: await jetstreamManager(nats) }, { ...streams, ...settings });
    await nats.close();
  });
  beforeEach(async () => {
    ses = await startSesStandIn();
    config = {};
    await sql('DELETE FROM stop');
    await sql('DELETE FROM installation');
    stops = createStops(database.postgres);
  });
  afterEach(() => ses.close());
  afterAll(() => smtp.stop());

  /** For what has nothing to do with SES: asking it takes seconds. */
  const bySmtp = () => (config['provider'] = { type: 'smtp' });

  it('finds nothing wrong with a system that is well, and exits with 0', async () => {
    const { code, findings } = await examine();
    // The suite's Postgres runs without fsync; doctor-postgres.test.ts tests what is said about that.
    const hurried = findings.filter(
      ({ level, says }) => level === 'warning' && /^(fsync|synchronous_commit) is off/.test(says),
    );
    // No worker, no ingress, and no template; other files write dead letters: test/doctor-work.test.ts is about those.
    const work = ['ingress', 'templates', 'dead letters', 'workers'];
    expect(findings.filter(({ level, about }) => level !== 'ok' && !work.includes(about))).toEqual(hurried);
    expect(
      findings
        .map(({ about }) => about)
        .filter((about, index, all) => about !== all[index - 1])
        .join(', '),
    ).toBe(
      'configuration, Postgres, schema, gates, ingress, in doubt, templates, Redis, NATS, stream, consumer, ' +
        'dead letters, Temporal, workers, queue, runs, SES account, SES quota, SES config, SES events, SES sender, SES DKIM, SES MAIL FROM',
    );
    expect(code).toBe(0);
  });

  it('prints one line for each finding, and how many are not well', async () => {
    bySmtp();
    await stops.pause('topic:offers');
    const { code, out } = await rivulet(['doctor']);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/^Nothing wrong, \d warnings?\.$/);
    expect(lines.slice(0, -2).filter((line) => !/^(ok|warning) {2,}\S/.test(line))).toEqual([]);
    expect(out).toMatch(
      /^warning {2}pause {10}topic:offers is paused since .* npx --no rivulet resume --topic offers$/m,
    );
  });

  it('calls a closed gate wrong, says how it opens, and exits with 1', async () => {
    bySmtp();
    const detail = 'Sending is paused';
    await stops.close({ scope: 'account', reason: 'SendingPausedException', detail, opens: 'probe' });
    await stops.close({ scope: 'credentials', reason: 'AccessDenied', detail: 'No', opens: 'operator' });
    const { code, wrong } = await examine();
    expect(wrong('gate')).toEqual([
      expect.stringMatching(/^account is closed since .* \(Sending is paused\)\. Opens by itself, once a probe/),
      expect.stringMatching(
        /^credentials is closed .* Opens only by hand, .*: npx --no rivulet gate open credentials$/,
      ),
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
      expect.stringContaining('SES cannot send from hello@news.example.com (provider.from): no SES identity found'),
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
    expect(calls).toBe(4);
    expect(Date.now() - started).toBeGreaterThanOrEqual((calls - 1) * 1_000);
  });

  it('finds what is away, each by its name, and looks at the rest', async () => {
    const nobody = '127.0.0.1:1';
    const { code, wrong } = await examine({
      POSTGRES_URL: `postgres://rivulet:geheim@${nobody}/rivulet`,
      REDIS_URL: `redis://:geheim@${nobody}`,
      NATS_URL: `nats://${nobody}`,
      TEMPORAL_ADDRESS: nobody,
      AWS_ENDPOINT_URL_SESV2: `http://${nobody}`,
    });
    expect(wrong('Postgres')).toEqual([expect.stringContaining('does not answer at 127.0.0.1:1 (ECONNREFUSED)')]);
    expect(wrong('Redis')).toEqual([expect.stringContaining('does not answer at 127.0.0.1:1')]);
    expect(wrong('NATS')).toEqual([expect.stringContaining('does not answer at 127.0.0.1:1')]);
    expect(wrong('Temporal')).toEqual([expect.stringContaining('does not answer at 127.0.0.1:1')]);
    expect(wrong('SES')).toEqual([expect.stringContaining('could not be asked')]);
    expect(code).toBe(1);
  });

  it('finds streams and a namespace that are not there', async () => {
    bySmtp();
    config['queues'] = { marketing_events: { name: 'NO_EVENTS', dlq: 'NO_DLQ' } };
    const { code, wrong } = await examine({ TEMPORAL_NAMESPACE: 'nowhere' });
    expect(wrong('stream')).toEqual([
      expect.stringContaining('no stream NO_EVENTS. An ingress creates it at start'),
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

  it('calls a Redis that is a replica wrong; gates, pauses and templates do not need it', async () => {
    bySmtp();
    await own.asReplica(async () => {
      const { code, wrong } = await examine();
      expect(wrong('Redis')).toEqual([
        expect.stringMatching(/is a replica: it takes no writes, .* Point REDIS_URL at/),
      ]);
      expect(code).toBe(1);
      expect((await rivulet(['pause', '--all'])).code).toBe(0);
    });
    expect((await stops.pauses()).map(({ scope }) => scope)).toEqual(['all']);
  });

  it('finds a database without a schema, and one that takes no writes, and says what to do', async () => {
    bySmtp();
    const empty = await createDatabase(servers.postgres, 'template0');
    const bare = await examine({ POSTGRES_URL: empty });
    expect(bare.wrong('schema')).toEqual([
      expect.stringMatching(
        /out of date \(0001_record.*\)\. Start one worker or ingress of this version without --no-provision/,
      ),
    ]);
    expect(bare.code).toBe(1);
    const paused = await rivulet(['pause', '--all'], { POSTGRES_URL: empty });
    expect([paused.code, paused.err]).toEqual([
      1,
      expect.stringContaining('The schema of the database is out of date'),
    ]);

    await sql(`ALTER DATABASE ${new URL(empty).pathname.slice(1)} SET default_transaction_read_only = on`);
    const reading = await examine({ POSTGRES_URL: empty });
    expect(reading.wrong('Postgres')).toEqual([expect.stringContaining('writes nothing')]);
    await dropDatabase(empty);
  });

  it('finds the partitions that are missing', async () => {
    bySmtp();
    const month = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1))
      .toISOString()
      .slice(0, 7);
    const name = `fact_${month.replace('-', '_')}`;
    await sql(`ALTER TABLE fact DETACH PARTITION ${name}`);
    const { code, wrong } = await examine();
    await sql(
      `ALTER TABLE fact ATTACH PARTITION ${name} FOR VALUES FROM ('${month}-01') TO ('${nextMonth(month)}-01')`,
    );
    expect(wrong('schema')).toEqual([expect.stringContaining(`Partitions are missing (${name})`)]);
    expect(code).toBe(1);
  });

  it('says of another secret than the installation’s that worker and ingress would not start', async () => {
    bySmtp();
    await createInstallation(database.postgres).agree({ secret });
    expect((await examine()).wrong('secret')).toEqual([]);
    const other = await examine({ RIVULET_SECRET: anotherSecret });
    expect(other.wrong('secret')).toEqual([expect.stringContaining('RIVULET_SECRET is not the one')]);
    expect(other.code).toBe(1);
  });

  it('does not wait for a Redis that stands still', async () => {
    bySmtp();
    await own.server.kill('SIGSTOP');
    try {
      const { code, wrong } = await examine();
      expect(wrong('Redis')).toEqual([expect.stringContaining('does not answer at 127.0.0.1:')]);
      expect(code).toBe(1);
    } finally {
      await own.server.kill('SIGCONT');
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
    expect(set.findings).toContainEqual(expect.objectContaining({ level: 'ok', about: 'links' }));
    expect(set.out).not.toContain('p%40ss');
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
    writeFileSync(join(own.folder, 'rivulet.yaml'), JSON.stringify(config));
    const mine = {
      NATS_URL: servers.nats,
      REDIS_URL: own.url,
      POSTGRES_URL: database.url,
      TEMPORAL_ADDRESS: servers.temporal,
      TEMPORAL_NAMESPACE: 'rivulet',
      RIVULET_CONFIG: join(own.folder, 'rivulet.yaml'),
      RIVULET_SECRET: secret,
      SMTP_URL: `smtp://rivulet:p%40ss@127.0.0.1:${smtp.port}`,
      PUBLIC_URL: 'https://mail.example.com',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL_SESV2: ses.url,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [compiledCli, ...args],
        { cwd: own.folder, env: { ...process.env, ...mine, ...env } },
        (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
      );
    });
  }
});
