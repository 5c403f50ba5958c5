import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { natsVariables } from '../config/nats-access.ts';
import type { FileWatch } from '../runtime/watch-files.ts';
import { restartOnSave } from './restart-on-save.ts';
import { readRunFile, removeRunFile, writeRunFile } from './run-file.ts';
import type { RunFile } from './run-file.ts';
import { CannotStart } from './servers/errors.ts';
import { natsLogin } from './servers/nats.ts';
import { choosePorts } from './servers/ports.ts';
import { startServers } from './servers/start-servers.ts';
import type { RunningServers } from './servers/start-servers.ts';
import { createSupervisor, describeExit } from './supervise.ts';
import type { ChildSpec, Supervisor } from './supervise.ts';

export interface StartOptions {
  /** The project's folder. Everything that is kept lies in `.rivulet` in it. */
  root: string;
  env: NodeJS.ProcessEnv;
  print: (line: string) => void;
}

export interface Everything {
  urls: RunFile['urls'];
  /** The exit code, once everything has ended: 0 after a stop that was asked for. */
  done: Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts the servers, the SES stand-in, the preview, the worker and the ingress, and prints where everything is. A server that
 * dies is restarted; a process of the product that dies ends everything. Ctrl-C drains and stops; a second one kills. Throws
 * `CannotStart` with a message for the user; nothing runs then.
 */
export async function startEverything(options: StartOptions): Promise<Everything> {
  const root = resolve(options.root);
  const { env, print } = options;
  refuseSecondStart(root);
  const secret = env['RIVULET_SECRET'] || keptSecret(root);

  const supervisor = createSupervisor({ print });
  // Until here a Ctrl-C simply ends this process; the servers end with it.
  const postgresUrl = env['POSTGRES_URL'] || undefined;
  const dataDir = join(root, '.rivulet/data');
  const servers = await startServers({ dataDir, root, durable: true, restartDead: true, postgresUrl, log: print });
  const signals = watchSignals();
  try {
    const urls = await chooseUrls(servers, root);

    print('Starting the SES stand-in, the preview, the worker and the ingress ...');
    const children = childrenOf(root, env, urls, secret);
    const starting = children.map((child) => supervisor.start(child));
    await Promise.race([Promise.all(starting), signals.throwWhenAsked()]);
    writeRunFile(root, { pid: process.pid, startedAt: Date.now(), urls });

    for (const line of urlTable(urls)) print(line);
    const saves = env['RIVULET_LIVE'] === '0' ? undefined : restartOnSave({ root, children, supervisor, print });
    return run(root, urls, servers, supervisor, signals, print, saves);
  } catch (error) {
    signals.stopWatching();
    await supervisor.kill();
    await servers.stop();
    throw error;
  }
}

function refuseSecondStart(root: string): void {
  const running = readRunFile(root);
  if (running === undefined) return;
  throw new CannotStart(
    `Rivulet already runs in this folder as process ${running.pid}; its inbox is at ${running.urls.inbox}. Stop that one first (Ctrl-C there, or: kill ${running.pid}).`,
  );
}

/** Links in mails that were sent yesterday must work today: the secret is made once. */
function keptSecret(root: string): string {
  const file = join(root, '.rivulet/secret');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  mkdirSync(join(root, '.rivulet'), { recursive: true });
  const secret = randomBytes(32).toString('hex');
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

async function chooseUrls(servers: RunningServers, root: string): Promise<RunFile['urls']> {
  const ports = await choosePorts(
    { inbox: 8025, preview: 8026, ingress: 8080, ingressHealth: 9080, worker: 8081 },
    'preferred-else-free',
  );
  return {
    nats: servers.nats.url,
    redis: servers.redis.url,
    postgres: servers.postgres.url,
    temporal: servers.temporal.address,
    temporalUi: servers.temporal.uiUrl,
    inbox: `http://127.0.0.1:${ports.inbox}`,
    ...(existsSync(join(root, previewFile)) && { preview: `http://127.0.0.1:${ports.preview}` }),
    ingress: `http://127.0.0.1:${ports.ingress}`,
    ingressHealth: `http://127.0.0.1:${ports.ingressHealth}`,
    worker: `http://127.0.0.1:${ports.worker}`,
  };
}

/** Nothing depends on it: a project may do without. */
const previewFile = 'preview/main.ts';

/** In the order of the work, last step first: they are stopped from the end, so that nothing loses what it depends on. */
function childrenOf(root: string, env: NodeJS.ProcessEnv, urls: RunFile['urls'], secret: string): ChildSpec[] {
  const shared = {
    ...env,
    ...Object.fromEntries(natsVariables.map((name) => [name, ''])), // ingress, preview and stand-in get a login each
    NATS_URL: urls.nats,
    REDIS_URL: urls.redis,
    POSTGRES_URL: urls.postgres,
    TEMPORAL_ADDRESS: urls.temporal,
    TEMPORAL_NAMESPACE: 'rivulet',
    PUBLIC_URL: env['PUBLIC_URL'] || urls.ingress,
    RIVULET_SECRET: secret,
    RIVULET_LIVE: env['RIVULET_LIVE'] || '1',
    ...sesEnvironment(env, urls.inbox),
  };
  const portOf = (url: string) => new URL(url).port;
  const child = (name: string, file: string, readyUrl: string, more: Record<string, string>): ChildSpec => ({
    name,
    command: process.execPath,
    args: ['--import', 'tsx', file],
    env: { ...shared, ...more },
    cwd: root,
    readyUrl,
  });
  return [
    child('ses', 'local/ses/main.ts', `${urls.inbox}/api/stats`, {
      ...natsLogin('ses-stand-in', urls.nats),
      HTTP_PORT: portOf(urls.inbox),
    }),
    ...(urls.preview === undefined
      ? []
      : [
          child('preview', previewFile, `${urls.preview}/readyz`, {
            ...natsLogin('cli-operator', urls.nats),
            HTTP_PORT: portOf(urls.preview),
          }),
        ]),
    child('worker', 'worker/main.ts', `${urls.worker}/readyz`, { HEALTH_PORT: portOf(urls.worker) }),
    child('ingress', 'ingress/main.ts', `${urls.ingressHealth}/readyz`, {
      ...natsLogin('ingress', urls.nats),
      HTTP_PORT: portOf(urls.ingress),
      HEALTH_PORT: portOf(urls.ingressHealth),
    }),
  ];
}

/** The stand-in gets credentials of its own, so that real ones never reach it. An endpoint of the user's own stays theirs. */
function sesEnvironment(env: NodeJS.ProcessEnv, inbox: string): NodeJS.ProcessEnv {
  const region = env['AWS_REGION'] || 'eu-central-1';
  if (env['AWS_ENDPOINT_URL_SESV2']) return { AWS_REGION: region };
  return {
    AWS_REGION: region,
    AWS_ENDPOINT_URL_SESV2: inbox,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
  };
}

function urlTable(urls: RunFile['urls']): string[] {
  return [
    '',
    'Rivulet is running.',
    '',
    `  Inbox            ${urls.inbox}`,
    ...(urls.preview === undefined ? [] : [`  Preview          ${urls.preview}`]),
    `  Temporal UI      ${urls.temporalUi}`,
    `  NATS             ${urls.nats}`,
    `  Redis            ${urls.redis}`,
    `  Postgres         ${withoutPassword(urls.postgres)}`,
    `  Temporal gRPC    ${urls.temporal}`,
    `  Links in emails  ${urls.ingress}`,
    `  Ingress health   ${urls.ingressHealth}/readyz`,
    `  Worker health    ${urls.worker}/readyz`,
    '',
    'Try this in another terminal:',
    '',
    '  npx --no rivulet publish user.signed_up --user u_1 --email ada@example.com',
    '',
    'A saved journey, template or rule takes effect at once; what is broken is told here, and changes nothing.',
    'Ctrl-C stops everything; what is under way goes on at the next start.',
    '',
  ];
}

/** The URL as it may be shown: a password stays out of terminals. */
function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (!shown.password && !shown.searchParams.has('password')) return url;
  shown.password = '';
  shown.searchParams.delete('password');
  return shown.href;
}

function run(
  root: string,
  urls: RunFile['urls'],
  servers: RunningServers,
  supervisor: Supervisor,
  signals: SignalWatch,
  print: (line: string) => void,
  saves: FileWatch | undefined,
): Everything {
  let askStop = () => {};
  const asked = new Promise<void>((resolved) => (askStop = resolved));

  const ended = Promise.race([supervisor.exited, servers.exited]);
  const done = Promise.race([
    ended.then((exit) => {
      print('');
      print(describeExit(exit));
      return exit.code || 1;
    }),
    asked.then(() => 0),
    signals.asked.then(() => 0),
  ]).then(async (code) => {
    print('Stopping: ingress, worker, preview, SES stand-in, servers. (Ctrl-C again kills them.)');
    const killed = signals.askedAgain.then(() => supervisor.kill());
    await Promise.race([supervisor.stop(), killed]);
    await saves?.close();
    await servers.stop();
    removeRunFile(root);
    signals.stopWatching();
    print('Stopped.');
    return code;
  });

  return {
    urls,
    done,
    async stop() {
      askStop();
      await done;
    },
  };
}

interface SignalWatch {
  asked: Promise<void>;
  askedAgain: Promise<void>;
  throwWhenAsked(): Promise<never>;
  stopWatching(): void;
}

const watched = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm passes on the very Ctrl-C that the terminal has sent already: a second signal within a second is the first one. */
function watchSignals(): SignalWatch {
  let first: number | undefined;
  let tellAsked = () => {};
  let tellAgain = () => {};
  const asked = new Promise<void>((resolved) => (tellAsked = resolved));
  const askedAgain = new Promise<void>((resolved) => (tellAgain = resolved));
  const onSignal = () => {
    first ??= Date.now();
    tellAsked();
    if (Date.now() - first > 1000) tellAgain();
  };
  for (const signal of watched) process.on(signal, onSignal);

  return {
    asked,
    askedAgain,
    throwWhenAsked: () =>
      asked.then(() => {
        throw new CannotStart('Stopped before everything was up.');
      }),
    stopWatching() {
      for (const signal of watched) process.off(signal, onSignal);
    },
  };
}
