import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { restartOnSave } from '../local/restart-on-save.ts';
import { choosePorts } from '../local/servers/ports.ts';
import { type ChildSpec, createSupervisor, type Supervisor } from '../local/supervise.ts';
import type { FileWatch } from '../runtime/watch-files.ts';

let root: string;
let lines: string[];
let supervisor: Supervisor;
let saves: FileWatch;
let [worker, ingress]: ChildSpec[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'rivulet-restart-'));
  lines = [];
  const print = (line: string) => lines.push(...stripVTControlCharacters(line).split('\n'));
  supervisor = createSupervisor({ print, readyWithinMs: 10_000, graceMs: 2_000 });
  const children = [await child('worker'), await child('ingress')] as const;
  [worker, ingress] = children;
  for (const spec of children) await supervisor.start(spec);
  saves = restartOnSave({ root, children, supervisor, print });
});
afterEach(async () => {
  await saves.close();
  await supervisor.kill();
  rmSync(root, { recursive: true, force: true });
});

/** A process whose code is the file `main.ts` in the folder of its name. It answers with its process id and what it is told to. */
async function child(name: string): Promise<ChildSpec> {
  const { port } = await choosePorts({ port: undefined }, 'free');
  mkdirSync(join(root, name));
  save(`${name}/main.ts`, saying('old'));
  return {
    name,
    command: process.execPath,
    args: ['-e', `eval(require('fs').readFileSync('${name}/main.ts', 'utf8'))`, '--'],
    env: { ...process.env, HTTP_PORT: String(port) },
    cwd: root,
    readyUrl: `http://127.0.0.1:${port}/`,
  };
}

const saying = (words: string, first = '') => `
  if (process.argv.includes('--check')) process.exit(0);
  ${first}
  require('node:http').createServer((_, reply) => reply.end('${words} ' + process.pid)).listen(process.env.HTTP_PORT, '127.0.0.1');
  process.on('SIGTERM', () => process.exit(0));`;

function save(file: string, text: string): void {
  writeFileSync(join(root, file), text);
}

const answer = async (spec: ChildSpec | undefined) => (await fetch(spec?.readyUrl ?? '')).text();
const said = (line: string | RegExp, from = 0) =>
  vi.waitFor(() => expect(lines.slice(from)).toContainEqual(expect.stringMatching(line)), { timeout: 20_000 });

describe('saved code', () => {
  it('restarts the process that has loaded it, in the same place, and no other', async () => {
    const other = await answer(worker);

    save('ingress/main.ts', saying('new'));
    await said(/^restarted ingress for ingress\/main\.ts in \d+\.\d s$/);

    expect(await answer(ingress)).toMatch(/^new /);
    expect(await answer(worker)).toBe(other);
  });

  it('that both have loaded restarts both', async () => {
    const before = [await answer(worker), await answer(ingress)];

    mkdirSync(join(root, 'events'));
    save('events/new.ts', '');
    await said(/^restarted worker and ingress for events\/new\.ts/);

    expect(before).not.toContain(await answer(worker));
    expect(before).not.toContain(await answer(ingress));
  });

  it('that does not load is told, and what ran before goes on until it does', async () => {
    const before = await answer(ingress);

    save('ingress/main.ts', 'export const routes = {');
    await said(/still running the previous version\.$/);
    expect(lines).toContain('ingress: the new code cannot be used:');
    expect(lines.join('\n')).toMatch(/SyntaxError/);
    expect(await answer(ingress)).toBe(before);

    save('ingress/main.ts', saying('mended'));
    await said(/^restarted ingress/);
    expect(await answer(ingress)).toMatch(/^mended /);
  });

  it('is checked again when something else is saved that it may have waited for', async () => {
    const asksFor = "if (!require('fs').existsSync('templates/hello/mail.mjml')) throw new Error('no such template');";
    save('worker/main.ts', asksFor + saying('new'));
    await said(/^ +Error: no such template$/);

    mkdirSync(join(root, 'templates/hello'), { recursive: true });
    save('templates/hello/mail.mjml', 'Hello');
    await said(/^restarted worker for worker\/main\.ts/);
    expect(await answer(worker)).toMatch(/^new /);
  });

  it('of the store, scripts and statements too, restarts what reads it', async () => {
    mkdirSync(join(root, 'store/redis'), { recursive: true });
    for (const file of ['store/sends.ts', 'store/sends-claim.sql', 'store/redis/slots-take.lua']) {
      const from = lines.length;
      const before = await answer(worker);
      save(file, '');
      await said(new RegExp(`^restarted worker and ingress for ${file} `), from);
      expect(await answer(worker)).not.toBe(before);
    }
  });

  it('that fails when it really runs leaves the old process running until it is mended', async () => {
    const before = await answer(ingress);
    save('ingress/main.ts', saying('new', "throw new Error('no such stream');"));
    await said('Restart failed; still running the previous version.');
    expect(lines.join('\n')).toContain('no such stream');
    expect(await answer(ingress)).toBe(before);
    expect(await Promise.race([supervisor.exited, Promise.resolve('nothing')])).toBe('nothing');

    save('ingress/main.ts', saying('mended'));
    await said(/^restarted ingress/);
    expect(await answer(ingress)).toMatch(/^mended /);
  });

  it('that loads and never becomes ready leaves the old process running too', async () => {
    const before = await answer(worker);
    save('worker/main.ts', saying('new').replace('reply.end', 'reply.writeHead(503).end'));
    await said(/^worker is not ready after 10 s: .* gives 503 new \d+$/);
    await said('Restart failed; still running the previous version.');
    expect(await answer(worker)).toBe(before);
  });

  it('takes the place of the old process while one of the new code works elsewhere', async () => {
    save('worker/main.ts', saying('new', "console.log('on port', process.env.HTTP_PORT);"));
    await said(/^restarted worker/);
    const ports = lines.flatMap((line) => /on port (\d+)/.exec(line)?.[1] ?? []);
    expect(ports).toHaveLength(2);
    expect(ports[1]).toBe(new URL(worker?.readyUrl ?? '').port);
    expect(ports[0]).not.toBe(ports[1]);
    await expect(fetch(`http://127.0.0.1:${ports[0]}/`)).rejects.toThrow();
  });

  it('does not keep a restarted process from being told of when it ends by itself', async () => {
    save('ingress/main.ts', saying('new', 'setTimeout(() => process.exit(7), 1_000);'));
    await said(/^restarted ingress/);
    expect(await supervisor.exited).toMatchObject({ name: 'ingress', code: 7 });
  });

  it('starts nothing any more while everything is being stopped', async () => {
    await supervisor.stop();
    save('ingress/main.ts', saying('new'));
    await said(/everything is being stopped/);
    await expect(answer(ingress)).rejects.toThrow();
  });
});
