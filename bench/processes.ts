import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** What the bench can start, each in a process of its own. */
export interface Program {
  file: string;
  /** A path that answers 200 when it is ready; without it, its warm-up waits for it. */
  ready?: string;
}

export const programs = {
  ses: { file: 'local/ses/main.ts', ready: '/api/stats' },
  worker: { file: 'worker/main.ts', ready: '/readyz' },
  ingress: { file: 'ingress/main.ts', ready: '/readyz' },
  otherIngress: { file: 'ingress/main.ts', ready: '/readyz' },
  floorWorker: { file: 'bench/floor-worker.ts', ready: '/' },
  queueSes: { file: 'local/ses/main.ts', ready: '/api/stats' },
  queueWorker: { file: 'bench/queue-worker.ts' },
} as const satisfies Record<string, Program>;
export type ProgramName = keyof typeof programs;

const servers = ['temporal', 'nats', 'redis', 'postgres', 'queueRedis'] as const;
export type ProcessName = ProgramName | (typeof servers)[number] | 'bench';

/** In the order of the tables. */
export const titles: Record<ProcessName, string> = {
  ingress: 'ingress',
  otherIngress: 'other ingress',
  worker: 'worker',
  postgres: 'Postgres server, backends included',
  temporal: 'Temporal server',
  nats: 'NATS server',
  redis: 'Redis server',
  ses: 'SES stand-in',
  floorWorker: 'floor worker',
  queueWorker: 'BullMQ worker',
  queueRedis: 'Redis of BullMQ',
  queueSes: 'SES stand-in of BullMQ',
  bench: 'bench (publisher, client)',
};
export const processNames = Object.keys(titles) as ProcessName[];
