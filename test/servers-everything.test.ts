import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { readRunFile, withRunningSystem, writeRunFile } from '../local/run-file.ts';
import { isAlive } from '../local/servers/data-lock.ts';
import { findServers } from '../local/servers/find.ts';
import { temporaryFolder } from '../local/servers/temporary-folder.ts';
import { secret } from './support/secrets.ts';

const project = fileURLToPath(new URL('..', import.meta.url));

/** Stands for the worker, the ingress and the SES stand-in: answers with what it was given, and dies when asked to. */
const fakeProcess = `
import { createServer } from 'node:http';
createServer((request, answer) => {
  if (request.url === '/die') { console.log('cannot go on'); process.exit(9); }
  answer.end(JSON.stringify(process.env));
}).listen(Number(process.env.HEALTH_PORT ?? process.env.HTTP_PORT), '127.0.0.1');
process.on('SIGTERM', () => { if (process.env.DEAF) return console.log('busy'); console.log('drained'); process.exit(0); });
`;

const start = `
import { startEverything } from '${pathToFileURL(join(project, 'local/start.ts')).href}';
try {
  const everything = await startEverything({ root: process.cwd(), env: process.env, print: (line) => console.log(line) });
  process.exit(await everything.done);
} catch (error) {
  console.log(error.name, error.message);
  process.exit(1);
}
`;

let root: string;
let running: Clone[];
beforeAll(() => findServers({ root: project }), 120_000);
beforeEach(async () => {
  running = [];
  root = temporaryFolder('rivulet-clone-');
  await symlink(join(project, 'node_modules'), join(root, 'node_modules'));
  await mkdir(join(root, '.rivulet'));
  await symlink(join(project, '.rivulet/servers'), join(root, '.rivulet/servers'));
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  for (const folder of ['local/ses', 'worker', 'ingress']) {
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, folder, 'main.ts'), fakeProcess);
  }
});
afterEach(async () => {
  for (const clone of running) clone.process.kill('SIGKILL');
  await Promise.all(running.map((clone) => clone.code));
  await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

interface Clone {
  process: ChildProcess;
  lines: string[];
  code: Promise<number | null>;
  up: () => Promise<void>;
}

/** What `npm start` does, in the clone. */
function npmStart(env: NodeJS.ProcessEnv = {}): Clone {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', start], {
    cwd: root,
    env: { ...process.env, POSTGRES_URL: '', AWS_PROFILE: 'real-account', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  child.stdout.on('data', (text: Buffer) => lines.push(...stripVTControlCharacters(String(text)).split('\n')));
  const code = new Promise<number | null>((ended) => child.once('close', ended));
  const up = () =>
    expect.poll(() => lines, { timeout: 40_000 }).toContainEqual(expect.stringContaining('Ctrl-C stops'));
  const clone = { process: child, lines, code, up };
  running.push(clone);
  return clone;
}

describe('npm start', () => {
  it('brings everything up, refuses to do so twice, and drains in order on Ctrl-C', async () => {
    const clone = npmStart();
    await clone.up();

    const run = readRunFile(root)!;
    for (const url of Object.values(run.urls)) expect(clone.lines.join('\n')).toContain(url);
    expect(clone.lines.join('\n')).toContain(
      'npx --no rivulet publish user.signed_up --user u_1 --email ada@example.com',
    );
    expect((await stat(join(root, '.rivulet/secret'))).mode & 0o777).toBe(0o600);
    for (const folder of ['nats', 'temporal'])
      expect((await stat(join(root, '.rivulet/data', folder))).mode & 0o777).toBe(0o700);

    const seen = (await (await fetch(`${run.urls.worker}/`)).json()) as NodeJS.ProcessEnv;
    expect(seen).toMatchObject({
      NATS_URL: run.urls.nats,
      REDIS_URL: run.urls.redis,
      POSTGRES_URL: run.urls.postgres,
      TEMPORAL_ADDRESS: run.urls.temporal,
      AWS_ENDPOINT_URL_SESV2: run.urls.inbox,
      AWS_ACCESS_KEY_ID: 'local',
      PUBLIC_URL: run.urls.ingress,
      RIVULET_SECRET: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(seen).not.toHaveProperty('AWS_PROFILE');
    const ingress = (await (await fetch(`${run.urls.ingressHealth}/`)).json()) as NodeJS.ProcessEnv;
    expect(ingress).toMatchObject({ NATS_URL: run.urls.nats, NATS_USER: 'ingress', NATS_TOKEN: '', NATS_CREDS: '' });
    expect(withRunningSystem(root, { NATS_URL: 'nats://elsewhere' })).toMatchObject({
      NATS_URL: 'nats://elsewhere',
      REDIS_URL: run.urls.redis,
      RIVULET_SECRET: seen['RIVULET_SECRET'],
    });

    const second = npmStart();
    expect(await second.code).toBe(1);
    expect(second.lines.join('\n')).toContain(`already runs in this folder as process ${clone.process.pid}`);

    // The terminal sends it, and npm once more.
    clone.process.kill('SIGINT');
    clone.process.kill('SIGINT');
    expect(await clone.code).toBe(0);
    const drained = clone.lines.filter((line) => line.endsWith('drained')).map((line) => line.split(' ')[0]);
    expect(drained).toEqual(['ingress', 'worker', 'ses']);
    expect(readRunFile(root)).toBeUndefined();
  }, 60_000);

  it('uses the Postgres of POSTGRES_URL instead of starting one, and shows no password', async () => {
    const own = new URL(inject('servers').postgres);
    own.password = 'geheim';
    const clone = npmStart({ POSTGRES_URL: own.href });
    await clone.up();

    const { urls } = readRunFile(root)!;
    expect(urls.postgres).toBe(own.href);
    expect((await stat(join(root, '.rivulet/run.json'))).mode & 0o777).toBe(0o600);
    const seen = (await (await fetch(`${urls.worker}/`)).json()) as NodeJS.ProcessEnv;
    expect(seen['POSTGRES_URL']).toBe(own.href);
    expect(clone.lines.join('\n')).toContain(`Postgres         ${inject('servers').postgres}`);
    expect(clone.lines.join('\n')).not.toContain('geheim');
    expect(await readdir(join(root, '.rivulet/data'))).not.toContain('postgres');
  }, 60_000);

  it('stops everything when one process dies, says which, and ends with its exit code', async () => {
    const clone = npmStart({ RIVULET_SECRET: secret, AWS_ENDPOINT_URL_SESV2: 'http://127.0.0.1:9' });
    await clone.up();
    const { urls } = readRunFile(root)!;
    const seen = (await (await fetch(`${urls.worker}/`)).json()) as NodeJS.ProcessEnv;
    expect(seen).toMatchObject({ RIVULET_SECRET: secret, AWS_PROFILE: 'real-account' });

    await fetch(`${urls.worker}/die`).catch(() => {});

    expect(await clone.code).toBe(9);
    expect(clone.lines).toContain('worker ended by itself with exit code 9.');
    expect(clone.lines).toContain('  cannot go on');
    expect(clone.lines.filter((line) => line.endsWith('drained'))).toHaveLength(2);
  }, 60_000);

  it('kills at the second Ctrl-C what does not want to drain', async () => {
    const clone = npmStart({ DEAF: 'yes' });
    await clone.up();

    clone.process.kill('SIGINT');
    await expect.poll(() => clone.lines).toContainEqual(expect.stringMatching(/^ingress +\| busy$/));
    await sleep(1100); // A second one earlier than that counts as npm's copy of the first.
    clone.process.kill('SIGINT');

    expect(await clone.code).toBe(0);
    expect(clone.lines.some((line) => line.endsWith('drained'))).toBe(false);
  }, 60_000);

  it('leaves nothing running when a process cannot start', async () => {
    await writeFile(join(root, 'ingress/main.ts'), "console.error('no such stream'); process.exit(3);");
    const clone = npmStart();

    expect(await clone.code).toBe(1);
    expect(clone.lines.join('\n')).toMatch(/CannotStart ingress ended by itself with exit code 3\.[^]*no such stream/);
    const again = npmStart();
    expect(await again.code).toBe(1);
    expect(again.lines.join('\n')).not.toContain('in use');
  }, 60_000);
});

describe('the run file', () => {
  it('does not count when the process that wrote it is dead', async () => {
    const dead = spawn('true');
    await new Promise((ended) => dead.once('exit', ended));
    expect(isAlive(dead.pid!)).toBe(false);
    const urls = {
      nats: '',
      redis: '',
      postgres: '',
      temporal: '',
      temporalUi: '',
      inbox: '',
      ingress: '',
      ingressHealth: '',
      worker: '',
    };
    writeRunFile(root, { pid: dead.pid!, startedAt: Date.now(), urls });

    expect(readRunFile(root)).toBeUndefined();
    expect(withRunningSystem(root, { LANG: 'C' })).toEqual({ LANG: 'C' });
  });
});
