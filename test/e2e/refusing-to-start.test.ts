import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { createInstallation } from '../../store/postgres/installation.ts';
import { anotherSecret, secret } from '../support/secrets.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let folder: string;

beforeAll(async () => {
  system = await startSystem(inject('servers'));
  folder = mkdtempSync(join(tmpdir(), 'rivulet-start-'));
});
afterAll(async () => {
  await system.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('a worker takes no work while a template that a journey sends is neither published nor there', async () => {
  cpSync(fileURLToPath(new URL('../../templates', import.meta.url)), join(folder, 'templates'), { recursive: true });
  rmSync(join(folder, 'templates/first-project'), { recursive: true });
  const config = join(folder, 'rivulet.yaml');
  writeFileSync(config, 'templates:\n  base_dir: templates\nsuppression:\n  key_prefix: "refusing-to-start:"\n');
  for (const table of ['template', 'template_version', 'template_history'])
    await system.postgres.query({ name: '', text: `DELETE FROM ${table}` });
  const starting = system.startWorker({ RIVULET_CONFIG: config });
  await expect(starting).rejects.toThrow(/ended with 1.*first-project.*mail\.mjml does not exist/s);
});

it('an ingress refuses events that would outlive the runs which recognise them', async () => {
  const config = join(folder, 'old.yaml');
  writeFileSync(config, 'queues:\n  marketing_events:\n    max_age: "31d"\n');
  const starting = system.startIngress({ RIVULET_CONFIG: config });
  await expect(starting).rejects.toThrow(
    /ended with 1.*max_age \(744 h\) must be shorter than the retention.*\(720 h\)/s,
  );
});

it.each([
  ['29d', /remember_sends \(696 h\) must be longer than the retention of the Temporal namespace/],
  ['30d', /remember_sends \(720 h\) must be longer than the retention of the Temporal namespace/],
])('an ingress refuses a ledger that forgets an email after %s, before its run is gone', async (remember, said) => {
  const config = join(folder, 'forgetful.yaml');
  writeFileSync(config, `provider:\n  remember_sends: "${remember}"\n`);
  await expect(system.startIngress({ RIVULET_CONFIG: config })).rejects.toThrow(said);
});

it('an ingress whose credentials NATS refuses ends, and says which server and which variables', async () => {
  const starting = system.startIngress({ NATS_PASSWORD: 's3cret' });
  const said = new RegExp(
    String.raw`ended with 1.*\nNATS at 127\.0\.0\.1:\d+ refused these credentials\. Correct NATS_USER and NATS_PASSWORD\.\n`,
    's',
  );
  await expect(starting).rejects.toThrow(said);
  await expect(starting).rejects.not.toThrow('s3cret');
});

it('an ingress whose creds file is not there ends before it waits for any server', async () => {
  const nowhere = { POSTGRES_URL: 'postgres://127.0.0.1:1/none', NATS_USER: '', NATS_PASSWORD: '' };
  const starting = system.startIngress({ ...nowhere, NATS_CREDS: '/run/none.creds' });
  await expect(starting).rejects.toThrow(/ended with 1.*environment NATS_CREDS \(\/run\/none\.creds\): no such file/s);
});

it('every mistake of the configuration is told at once', async () => {
  const config = join(folder, 'wrong.yaml');
  writeFileSync(config, 'provider:\n  rate_limt: 14\n  settle_after: soon\n');
  const starting = system.startWorker({ RIVULET_CONFIG: config, RIVULET_SECRET: 'short' });
  await expect(starting).rejects.toThrow(
    /RIVULET_SECRET: must be 64.*wrong\.yaml:2:\d+ provider\.rate_limt.*wrong\.yaml:3:\d+ provider\.settle_after/s,
  );
});

it('with the secret of the installation as the previous one, worker and ingress start: a rotation may begin', async () => {
  await createInstallation(system.postgres).agree({ secret });
  const rotating = { RIVULET_SECRET: anotherSecret, RIVULET_SECRET_PREVIOUS: secret };
  const started = await Promise.all([system.startIngress(rotating), system.startWorker(rotating)]);
  expect(await Promise.all(started.map((one) => one.stop()))).toEqual([0, 0]);
});
