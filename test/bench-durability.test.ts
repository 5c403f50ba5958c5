import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { durabilityOfNats, readDurability } from '../bench/durability.ts';
import { startServers } from '../local/servers/start-servers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

it.each([
  {
    durable: true,
    lines: [
      'NATS: no stream, fsync before each acknowledgement',
      'Postgres: fsync on, synchronous_commit on, full_page_writes on',
      'Redis: no append-only file',
      'Temporal: dev server, SQLite file, journal_mode=WAL, synchronous=FULL, 1 history shard(s)',
    ],
  },
  {
    durable: false,
    lines: [
      'NATS: no stream, fsync every 120 s',
      'Postgres: fsync off, synchronous_commit on, full_page_writes off',
      'Redis: no append-only file',
      'Temporal: dev server, SQLite file, journal_mode=WAL, synchronous=OFF, 1 history shard(s)',
    ],
  },
])('the bench says of its servers what they do: durable $durable', { timeout: 60_000 }, async ({ durable, lines }) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'rivulet-servers-'));
  const servers = await startServers({ dataDir, root, portPolicy: 'free', durable });
  try {
    expect((await readDurability(servers)).lines).toEqual(lines);
  } finally {
    await servers.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
});

it('streams that are kept alike are told once', () => {
  const stream = { config: { storage: 'file', num_replicas: 1 } };
  const page = { config: { sync_interval: 120e9 }, account_details: [{ stream_detail: [stream, stream] }] };
  expect(durabilityOfNats(page)).toBe('file storage, 1 replica(s), fsync every 120 s');
});
