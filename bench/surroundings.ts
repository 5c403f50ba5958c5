import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

import { versionOf } from '../local/servers/version.ts';
import { titles } from './processes.ts';
import { sesLatency, type Stage, temporalLimits, unlimited } from './stage.ts';

/** What the figures depend on, without which they mean nothing. */
export async function surroundingsOf(stage: Stage): Promise<string> {
  return surroundingsText(await describeSurroundings(stage));
}

async function describeSurroundings({ binaries, client, plan }: Stage) {
  const { serverVersion } = await client.workflowService.getSystemInfo({});
  const packageFile = new URL('../node_modules/@temporalio/worker/package.json', import.meta.url);
  const { version: sdk } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    versions: {
      node: process.version,
      'Temporal SDK': sdk,
      'Temporal CLI': await versionOf(binaries.temporal),
      'Temporal server': serverVersion,
      NATS: await versionOf(binaries.nats),
      Redis: await versionOf(binaries.redis),
    },
    durability: {
      NATS: 'file storage, fsync every 2 min (sync_interval 2m), 1 replica',
      Redis: 'append-only file, appendfsync everysec',
      Temporal: 'dev server, SQLite file, WAL, synchronous=OFF, 1 history shard',
    },
    temporalLimits,
    rateLimit: plan.rateLimit ?? unlimited,
    sesLatencyMs: plan.sesLatencyMs ?? sesLatency.ms,
    processes: plan.programs.map((name) => titles[name]),
  };
}

type Surroundings = Awaited<ReturnType<typeof describeSurroundings>>;

function surroundingsText({ cores, cpu, ...rest }: Surroundings): string {
  const list = (values: object) =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', ');
  return [
    `Machine:     ${cores} cores (${cpu}), shared by everything below`,
    `Versions:    ${list(rest.versions)}`,
    `Durability:  ${Object.entries(rest.durability)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n             ')}`,
    `Raised:      ${list(rest.temporalLimits)}; provider.rate_limit ${rest.rateLimit}`,
    `SES:         stand-in, ${rest.sesLatencyMs} ms +-${sesLatency.jitter * 100} %, no failures`,
    `Processes:   the servers, and one each of: ${rest.processes.join(', ')}`,
  ].join('\n');
}
