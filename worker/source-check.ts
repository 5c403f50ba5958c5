import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Looks at journeys before they are run: a worker does not compile them, and would find out at somebody's mail. */
export interface SourceCheck {
  /** What is wrong with them as they lie there, as `file:line message`. */
  mistakes(): Promise<string[]>;
  close(): void;
}

/** Only a process that runs from sources has tsx. */
const fromTypeScript = () => ['--import', import.meta.resolve('tsx')];

/** `project`: the folder that holds `workflows` and `ingress`. Keeps a compiler at hand, in a process of its own. */
export function startSourceCheck(project: string): SourceCheck {
  const file = fileURLToPath(new URL('./source-types-process.ts', import.meta.url));
  const compiler = fork(file, [project], { execArgv: fromTypeScript() });
  compiler.unref(); // it goes when this process goes
  compiler.channel?.unref();
  const ended = once(compiler, 'exit').then(([code, signal]) => {
    throw new Error(`The compiler that looks at journeys has ended (${signal ?? code}). Start again to have it back.`);
  });
  ended.catch(() => undefined); // told by whoever asks
  let before: Promise<unknown> = Promise.resolve();

  const types = async () => {
    compiler.send('look', () => undefined); // when it cannot be sent, the compiler has ended
    const [answer] = (await Promise.race([once(compiler, 'message'), ended])) as [string[] | { error: string }];
    if (Array.isArray(answer)) return answer;
    throw new Error(answer.error);
  };
  return {
    mistakes() {
      const looked = before.then(types).then(async (wrong) => (wrong.length > 0 ? wrong : thrownWhenLoaded(project)));
      before = looked.catch(() => undefined);
      return looked;
    },
    close: () => void compiler.kill(),
  };
}

/** Of what is compiled already. */
export const uncheckedSources: SourceCheck = { mistakes: async () => [], close() {} };

/** What a module throws when it is loaded, no compiler sees; each run would die of it. */
async function thrownWhenLoaded(project: string): Promise<string[]> {
  const index = pathToFileURL(join(project, 'workflows/index.ts')).href;
  const load = `await import(${JSON.stringify(index)}).catch((error) => {
    process.stdout.write(String(error.stack ?? error));
    process.exitCode = 3;
  });`;
  const options = { cwd: project, timeout: 10_000 };
  const said = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [...fromTypeScript(), '--input-type=module', '-e', load], options, (error, out, err) => {
      if (!error || error.code === 3) resolve(out);
      else reject(new Error(`The journeys could not be loaded to look at them: ${err || error.message}`));
    });
  });
  if (said === '') return [];
  const [, at = 'workflows/index.ts:1'] = /\/(workflows\/[^\s():?]+\.ts:\d+)/.exec(said) ?? [];
  return [`${at} throws when it is loaded: ${said.split('\n', 1)[0]}`];
}
