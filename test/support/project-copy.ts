import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import ts from 'typescript';

import { temporaryFolder } from '../../local/servers/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const notOurs = new Set(['node_modules', 'dist', 'docs', 'coverage', 'test']);

/** The same as npx, which takes half a second to find out what is there. */
const npx =
  'npx() { if [ "$1" = --no ]; then shift; fi; if [ "$1" = rivulet ]; then node cli/rivulet.mjs "${@:2}"; else "node_modules/.bin/$1" "${@:2}"; fi; }';

/** The sources in a folder of their own, where a test may write. */
export interface ProjectCopy {
  dir: string;
  read(file: string): string;
  write(file: string, text: string): void;
  /** Runs what somebody types there: what was printed, and the exit code. */
  type(command: string): Promise<{ printed: string; code: number }>;
  /** What the compiler says of these files and of all that they import. */
  mistakesIn(files: readonly string[]): string[];
  /** Every file with its text. */
  everything(): Map<string, string>;
  remove(): void;
}

export function copyProject(): ProjectCopy {
  const dir = temporaryFolder('rivulet-project-');
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const hidden = entry.name.startsWith('.') && !/^\.ox\w+\.json$/.test(entry.name);
    if (!hidden && !notOurs.has(entry.name)) cpSync(join(root, entry.name), join(dir, entry.name), { recursive: true });
  }
  cpSync(join(root, 'test/tsconfig.json'), join(dir, 'test/tsconfig.json'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  const read = (file: string) => readFileSync(join(dir, file), 'utf8');
  return {
    dir,
    read,
    write(file, text) {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      // Whole at once, as editors save, so that nobody who watches reads half of it.
      writeFileSync(`${dir}.saving`, text);
      renameSync(`${dir}.saving`, join(dir, file));
    },
    async type(command) {
      // What is set for this test run, such as a bundle of the real sources, is not for the copy. No server is for it either.
      const { PATH, HOME } = process.env;
      const options = { cwd: dir, env: { PATH, HOME, NO_COLOR: '1', NATS_URL: 'nats://127.0.0.1:1' } };
      const done = await promisify(execFile)('bash', ['-c', `${npx}\n${command}`], options).catch(
        (error: unknown) => error,
      );
      const { stdout, stderr, code } = done as { stdout: string; stderr: string; code?: number };
      return { printed: stdout + stderr, code: code ?? 0 };
    },
    mistakesIn: (files) => mistakesIn(dir, files),
    everything: () => new Map(filesIn(dir).map((file) => [file, read(file)])),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();
}

function mistakesIn(dir: string, files: readonly string[]): string[] {
  const { config } = ts.readConfigFile(join(dir, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson((config as { compilerOptions: object }).compilerOptions, dir);
  const checkOnly = { ...options, noEmit: true, composite: false, declaration: false, sourceMap: false };
  const program = ts.createProgram(
    files.map((file) => resolve(dir, file)),
    checkOnly,
  );
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName.slice(dir.length + 1) ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}
