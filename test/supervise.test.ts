import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../local/servers/data-lock.ts';
import { choosePorts } from '../local/servers/ports.ts';
import { createSupervisor } from '../local/supervise.ts';
import type { ChildSpec, Supervisor } from '../local/supervise.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

let supervisor: Supervisor;
let lines: string[];
beforeEach(() => {
  lines = [];
  supervisor = createSupervisor({
    print: (line) => lines.push(stripVTControlCharacters(line)),
    readyWithinMs: 10_000,
    graceMs: 300,
  });
});
afterEach(() => supervisor.kill());

/** A child that listens, tells its process id, and then does what the script says. */
async function listener(name: string, script = ''): Promise<ChildSpec> {
  const { port } = await choosePorts({ port: undefined }, 'free');
  const program = `
    const { createServer } = require('node:http');
    createServer((_, answer) => answer.end('ok')).listen(${port}, '127.0.0.1', () => console.log('pid', process.pid));
    process.on('SIGTERM', () => { console.log('draining'); process.exit(0); });
    ${script}`;
  return {
    name,
    command: process.execPath,
    args: ['-e', program],
    env: process.env,
    readyUrl: `http://127.0.0.1:${port}/readyz`,
  };
}

const pidOf = (name: string) =>
  Number(lines.find((line) => line.startsWith(name) && line.includes('| pid '))?.split('pid ')[1]);

describe('supervised processes', () => {
  it('are ready when the start returns, and every line bears its name', async () => {
    const ada = await listener('ada', "process.stderr.write('half a '); process.stderr.write('line\\n');");
    await supervisor.start(ada);

    expect((await fetch(ada.readyUrl)).status).toBe(200);
    await expect.poll(() => lines).toContain('ada     | half a line');
  });

  it('are drained one after the other, the last one first', async () => {
    for (const name of ['ada', 'grace']) await supervisor.start(await listener(name));

    await supervisor.stop();

    expect(lines.filter((line) => line.endsWith('draining'))).toEqual(['grace   | draining', 'ada     | draining']);
  });

  it('are killed when they do not drain in time', async () => {
    await supervisor.start(await listener('deaf', "process.removeAllListeners('SIGTERM').on('SIGTERM', () => {});"));

    await supervisor.stop();

    expect(isAlive(pidOf('deaf'))).toBe(false);
  });

  it('are told of when one ends by itself, with its last lines', async () => {
    await supervisor.start(await listener('ada'));
    await supervisor.start(
      await listener('faint', "setTimeout(() => { console.error('out of ideas'); process.exit(7); }, 500);"),
    );

    const exit = await supervisor.exited;

    expect(exit).toMatchObject({ name: 'faint', code: 7, signal: null });
    expect(exit.lastLines).toContain('out of ideas');
  });

  it('fail the start when they end before they are ready', async () => {
    const broken = { ...(await listener('broken')), args: ['-e', "console.error('no secret'); process.exit(2)"] };

    await expect(supervisor.start(broken)).rejects.toThrow(
      /broken ended by itself with exit code 2\.\nIts last lines:\n {2}no secret/,
    );
  });

  it('fail the start when they do not become ready in time, and say what they answered', async () => {
    const impatient = createSupervisor({ print: () => {}, readyWithinMs: 300 });
    const unready = await listener('unready');
    try {
      await expect(impatient.start({ ...unready, readyUrl: 'http://127.0.0.1:1/readyz' })).rejects.toThrow(
        /unready is not ready after 0\.3 s/,
      );
    } finally {
      await impatient.kill();
    }
  });

  it('do not outlive a parent that is killed with -9', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rivulet-supervise-'));
    const script = join(folder, 'parent.mts');
    await writeFile(
      script,
      `import { createSupervisor } from '${pathToFileURL(join(root, 'local/supervise.ts')).href}';
       await createSupervisor({ print: (line) => console.log(line) }).start(${JSON.stringify(await listener('ada'))});
       console.log('up');`,
    );
    const parent = spawn(process.execPath, ['--import', 'tsx', script], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const chunk of parent.stdout) {
      lines.push(...String(chunk).split('\n'));
      if (lines.includes('up')) break;
    }
    const pid = pidOf('ada');
    expect(isAlive(pid)).toBe(true);

    parent.kill('SIGKILL');

    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
    await rm(folder, { recursive: true });
  }, 20_000);
});
