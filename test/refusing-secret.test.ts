import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { createInstallation } from '../store/postgres/installation.ts';
import { ownDatabase } from './support/database.ts';
import { anotherSecret, secret } from './support/secrets.ts';
import { workflowBundleIn } from './support/workflow-bundle.ts';

const own = ownDatabase();
const project = fileURLToPath(new URL('..', import.meta.url));
let folder: string;
let bundle: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-refusing-'));
  writeFileSync(join(folder, 'rivulet.yaml'), '{}');
  bundle = await workflowBundleIn(inject('workflowBundle') ?? join(folder, 'workflow-bundle.js'));
  await createInstallation(own.postgres).agree({ secret });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a process of the product that reaches the record and no other server, and gives how it ended. */
function start(file: string, env: Record<string, string>): Promise<{ code: number; err: string }> {
  const mine = {
    POSTGRES_URL: own.url,
    NATS_URL: 'nats://127.0.0.1:1',
    REDIS_URL: 'redis://127.0.0.1:1',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    RIVULET_CONFIG: join(folder, 'rivulet.yaml'),
    RIVULET_WORKFLOW_BUNDLE: bundle,
    HTTP_PORT: '0',
    HEALTH_PORT: '0',
    LOG_LEVEL: 'error',
    NODE_NO_WARNINGS: '1',
  };
  return new Promise((resolve) => {
    const options = { cwd: project, env: { ...process.env, ...mine, ...env } };
    execFile(process.execPath, [file], options, (error, _, err) =>
      resolve({ code: error ? Number(error.code) : 0, err }),
    );
  });
}

describe.each(['worker', 'ingress', 'preview'])('the %s', (name) => {
  it('ends at its start when its secret is not the installation’s', async () => {
    const { code, err } = await start(`dist/${name}/main.js`, { RIVULET_SECRET: anotherSecret });
    expect(code).toBe(1);
    expect(err).toMatch(
      /^RIVULET_SECRET is not the one that this installation was made with: under another, no suppression would be found\. .*\n$/,
    );
  }, 60_000);

  it('ends at its start with a secret that can be guessed', async () => {
    const { code, err } = await start(`dist/${name}/main.js`, { RIVULET_SECRET: '0'.repeat(64) });
    expect(code).toBe(1);
    expect(err).toContain('RIVULET_SECRET: has fewer than 16 distinct bytes');
  }, 60_000);
});
