import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { TestProject } from 'vitest/node';

import { startServers } from '../../local/servers/start-servers.ts';
import { createTemplateDatabase } from './database.ts';

export interface ServerUrls {
  nats: string;
  redis: string;
  postgres: string;
  temporal: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    servers: ServerUrls;
    /** What the Temporal server says of itself (Prometheus). */
    temporalMetrics: string;
    /** Where the journeys' bundle is kept that all workers of this suite run. See workflow-bundle.ts. */
    workflowBundle: string | undefined;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Real NATS, Redis, Postgres and Temporal for the whole suite, in a folder that goes away with it; and the product compiled, as it is shipped. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Errors of the types are told, and fail `npm run typecheck`; what is compiled all the same is what the tests run.
  if (!process.env['FAST']) spawnSync('npx', ['tsc', '-b'], { cwd: root, stdio: 'inherit' });
  spawnSync(process.execPath, ['store/copy-scripts.mjs'], { cwd: root, stdio: 'inherit' });
  const dataDir = mkdtempSync(join(tmpdir(), 'rivulet-test-'));
  const servers = await startServers({
    dataDir,
    portPolicy: 'free',
    durable: false,
    root,
  });
  await createTemplateDatabase(servers.postgres.url);
  project.provide('servers', {
    nats: servers.nats.url,
    redis: servers.redis.adminUrl,
    postgres: servers.postgres.url,
    temporal: servers.temporal.address,
  });
  project.provide('temporalMetrics', servers.temporal.metricsUrl);
  project.provide('workflowBundle', join(dataDir, 'workflow-bundle.js'));
  return async () => {
    await servers.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
