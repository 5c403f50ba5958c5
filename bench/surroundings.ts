import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

import { versionOf } from '../local/servers/version.ts';
import { askRedis, durabilityOfRedis, readDurability } from './durability.ts';
import { type ProgramName, titles } from './processes.ts';
import type { ServersAlone } from './servers-alone.ts';
import { sesLatency, type Stage, temporalLimits, unlimited } from './stage.ts';

/** What the figures of a whole stage depend on, without which they mean nothing. */
export async function surroundingsOf(stage: Stage): Promise<string> {
  const { plan, queueRedisUrl } = stage;
  const raised = Object.entries(temporalLimits).map(([name, value]) => `${name} ${value}`);
  const programName = (name: ProgramName) =>
    plan.files?.[name] ? `${titles[name]} (${plan.files[name]})` : titles[name];
  const ofQueue = queueRedisUrl ? [`Redis of BullMQ: ${durabilityOfRedis(await askRedis(queueRedisUrl))}`] : [];
  return [
    ...(await serverLines(stage, ofQueue)),
    line('Raised', `${raised.join(', ')}; provider.rate_limit ${plan.rateLimit ?? unlimited}`),
    line('SES', `stand-in, ${plan.sesLatencyMs ?? sesLatency.ms} ms +-${sesLatency.jitter * 100} %, no failures`),
    line('Processes', `the servers, and one each of: ${plan.programs.map(programName).join(', ')}`),
  ].join('\n');
}

/** The same where there are servers and this process. */
export async function surroundingsOfServers(alone: ServersAlone): Promise<string> {
  return [...(await serverLines(alone)), line('Processes', 'the servers, and the bench, which does the work')].join(
    '\n',
  );
}

/** The same where this process is all there is. */
export function surroundingsOfBench(): string {
  return [machineLine(), versionLine({}), line('Processes', 'the bench alone')].join('\n');
}

async function serverLines({ binaries, servers }: Pick<Stage, 'binaries' | 'servers'>, more: string[] = []) {
  const { serverVersion, postgresVersion, lines } = await readDurability(servers);
  const versions = {
    'Temporal CLI': await versionOf(binaries.temporal),
    'Temporal server': serverVersion,
    NATS: await versionOf(binaries.nats),
    Redis: await versionOf(binaries.redis),
    Postgres: postgresVersion,
  };
  return [
    machineLine(),
    versionLine(versions),
    line('Durability', [...lines, ...more].join(`\n${' '.repeat(indent)}`)),
  ];
}

function machineLine(): string {
  return line(
    'Machine',
    `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), shared by everything below`,
  );
}

function versionLine(ofServers: Record<string, string | undefined>): string {
  const packageFile = new URL('../node_modules/@temporalio/worker/package.json', import.meta.url);
  const { version: sdk } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
  const versions = { node: process.version, 'Temporal SDK': sdk, ...ofServers };
  return line(
    'Versions',
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version ?? 'unknown'}`)
      .join(', '),
  );
}

const indent = 13;

function line(title: string, text: string): string {
  return `${`${title}:`.padEnd(indent)}${text}`;
}
