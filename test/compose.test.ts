import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environmentSchema } from '../config/environment.ts';
import { secretVariables } from '../config/secret-files.ts';
import { temporal } from '../local/servers/temporal.ts';
import { natsAccess, openNats } from '../runtime/nats-connection.ts';
import { canParseCompose, whyNotCompose } from './support/compose-spec.ts';
import { startConfiguredNats } from './support/configured-nats.ts';
import { hasDownloads } from './support/downloads.ts';
import { secret } from './support/secrets.ts';

interface Service {
  image: string;
  build?: { context: string; target?: string };
  command: string | string[];
  environment?: Record<string, string>;
  ports?: string[];
  healthcheck?: { test: string[]; disable?: boolean };
  secrets?: string[];
  configs?: { source: string; target: string }[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
}

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8');
const exists = (file: string) => existsSync(fileURLToPath(new URL(`../${file}`, import.meta.url)));

const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  configs: Record<'nats' | 'temporal' | 'databases', { content: string }>;
  secrets: Record<string, { environment: string }>;
};
const services = Object.entries(compose.services);
const runsOnce = (service: Service) => service.healthcheck?.disable === true;
const ours = services.filter(([, service]) => service.build !== undefined);

describe('docker-compose.yml', () => {
  it.runIf(hasDownloads && canParseCompose)('is what the Compose specification allows', () => {
    expect(whyNotCompose(compose)).toBe('');
    expect(whyNotCompose({ ...compose, secrets: { one: { enviroment: 'X' } } })).toContain('missing required field');
  });

  it('runs the servers, the worker, the ingress and the SES stand-in', () => {
    const lasting = services.filter(([, service]) => !runsOnce(service)).map(([name]) => name);
    expect(lasting.toSorted()).toEqual(
      ['ingress', 'nats', 'postgres', 'redis', 'ses', 'temporal', 'temporal-ui', 'worker'].toSorted(),
    );
  });

  it('builds the worker and the ingress as the production image, and the stand-in apart', () => {
    const targets = ours.map(([name, { build, image }]) => [name, build?.target, image]);
    expect(targets.toSorted()).toEqual([
      ['ingress', undefined, 'rivulet:local'],
      ['ses', 'laptop', 'rivulet-laptop:local'],
      ['worker', undefined, 'rivulet:local'],
    ]);
    expect(read('Dockerfile')).toMatch(/^FROM \S+ AS laptop$/m);
    expect(
      read('Dockerfile')
        .trimEnd()
        .split(/^FROM /m)
        .at(-1),
    ).not.toMatch(/ AS |local\/ses/);
  });

  it('names only variables that somebody reads', () => {
    const theirs = ['AWS_REGION', 'AWS_ENDPOINT_URL_SESV2', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
    const files = secretVariables.map((name) => `${name}_FILE`);
    const known = [...Object.keys(environmentSchema.shape), ...files, ...theirs];
    for (const [, service] of ours) {
      for (const variable of Object.keys(service.environment ?? {})) expect(known).toContain(variable);
    }
  });

  it('gives our own processes an environment that they accept, once there is a secret', () => {
    for (const [name, { environment, secrets }] of ours) {
      const isProduct = name !== 'ses'; // the stand-in gets no secret of the product
      expect(environment?.['RIVULET_SECRET_FILE'], name).toBe(isProduct ? '/run/secrets/rivulet_secret' : undefined);
      expect(secrets, name).toEqual(isProduct ? ['rivulet_secret'] : []);
      const filled = Object.fromEntries(
        Object.entries(environment ?? {}).map(([key, value]) => [key, value.replace(/\$\{\w+:\?[^}]+\}/, secret)]),
      );
      const checked = environmentSchema.safeParse({ ...filled, RIVULET_SECRET: secret });
      expect(checked.error, name).toBeUndefined();
    }
  });

  it('has no password in it, and asks for each that is not set', () => {
    const asked = [...read('docker-compose.yml').matchAll(/\$\{(\w+)(:\?)?/g)];
    expect(asked.length).toBeGreaterThan(0);
    for (const [, name, isAsked] of asked) expect(isAsked, name).toBe(':?');
    const names = [
      ...Object.values(compose.secrets).map(({ environment }) => environment),
      ...asked.map(([, name]) => name!),
    ];
    const made = /for name in ([\w ]+);/.exec(read('docker-compose.yml'))?.[1]?.split(' ');
    expect([...new Set(names)].toSorted()).toEqual(made?.toSorted());
    for (const [name, service] of services) {
      for (const one of service.secrets ?? []) expect(Object.keys(compose.secrets), name).toContain(one);
      for (const { source } of service.configs ?? []) expect(Object.keys(compose.configs), name).toContain(source);
    }
  });

  it('starts files that the build makes from sources that exist', () => {
    for (const [, { command }] of ours) {
      expect(command[0]).toBe('node');
      expect(exists(command[1]!.replace(/^dist\//, '').replace(/\.js$/, '.ts')), command[1]).toBe(true);
    }
  });

  it('publishes on loopback only, and no port twice', () => {
    const published = services.flatMap(([, service]) => service.ports ?? []);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
    expect(new Set(published).size).toBe(published.length);
  });

  it('asks our own processes for health where they listen', () => {
    for (const [name, { environment, healthcheck, ports }] of ours) {
      const port = environment?.['HEALTH_PORT'] ?? environment?.['HTTP_PORT'];
      expect(healthcheck?.test.at(-1), name).toContain(`:${port}/`);
      expect(ports, name).toContain(`127.0.0.1:${port}:${port}`);
    }
  });

  it('has a health check for everything that others need, and waits for health or for the end, never for a mere start', () => {
    for (const [name, service] of services) {
      for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
        const service = compose.services[needed]!;
        if (!runsOnce(service)) expect(service.healthcheck?.test.length, needed).toBeGreaterThan(1);
        const end = runsOnce(service) ? 'service_completed_successfully' : 'service_healthy';
        expect(condition, `${name} on ${needed}`).toBe(end);
      }
    }
  });

  it('names every image by version and digest, Temporal and its tables by the same version', () => {
    const pinned = /^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/;
    for (const [, { image, build }] of services) if (!build) expect(image).toMatch(pinned);
    const dockerfile = read('Dockerfile');
    const bases = [...dockerfile.matchAll(/^(?:ARG NODE=|FROM (?:--platform=\S+ )?)(\S+)/gm)].map(
      ([, image]) => image!,
    );
    for (const image of bases) if (image !== '${NODE}') expect(image).toMatch(pinned);
    const versionOf = (name: string) => compose.services[name]?.image.split(/[:@]/)[1];
    expect(versionOf('temporal-schema')).toBe(versionOf('temporal'));
  });

  it('runs a NATS with a user for each file of permissions, as which our own processes log in', async () => {
    const { content } = compose.configs.nats;
    expect(compose.services['nats']?.volumes).toContain('./deploy/nats:/etc/nats/roles:ro');
    const nats = await startConfiguredNats((dir) => {
      symlinkSync(fileURLToPath(new URL('../deploy/nats', import.meta.url)), join(dir, 'roles'));
      return content.slice(content.indexOf('authorization'));
    });
    try {
      const users = [...content.matchAll(/user: (\S+), password: local, .*roles\/(\S+)\.conf/g)].map(
        ([, ...names]) => names,
      );
      const files = readdirSync(new URL('../deploy/nats', import.meta.url)).map((file) => file.replace('.conf', ''));
      expect(users.toSorted()).toEqual(files.toSorted().map((name) => [name, name]));
      const logins = ours.map(([, { environment = {} }]) => environment).filter(({ NATS_USER }) => NATS_USER);
      expect(logins.map(({ NATS_USER }) => NATS_USER).toSorted()).toEqual(['ingress', 'ses-stand-in']);
      for (const login of [...logins, { NATS_USER: 'producer', NATS_PASSWORD: 'local' }]) {
        const connection = await openNats(natsAccess({ ...login, NATS_URL: nats.address }), 'test');
        connection.publish('orders.created');
        await connection.flush();
        await connection.close();
        expect(nats.log()).toContain(`user:${login.NATS_USER}" - Publish Violation - Subject "orders.created"`);
      }
      await expect(openNats(natsAccess({ NATS_URL: nats.address }), 'test')).rejects.toThrow('requires credentials');
    } finally {
      await nats.stop();
    }
  });

  it('keeps what was acknowledged over a power cut', () => {
    expect(compose.configs.nats.content).toContain('sync_interval: always');
    expect(compose.services['postgres']?.command).not.toContain('fsync=off');
    expect(compose.services['temporal']?.environment?.['DB']).toBe('postgres12');
  });

  it('gives Temporal the dynamic configuration that it gets from npm start', () => {
    const ports = { port: 7233, uiPort: 8233, httpPort: 7243, metricsPort: 7253 };
    const { args } = temporal({ binary: 'temporal', dataDir: '/data', durable: true, ...ports });
    const local = args.filter((_, index) => args[index - 1] === '--dynamic-config-value');
    const content = parse(compose.configs.temporal.content) as Record<string, [{ value: unknown }]>;
    const here = Object.entries(content).map(([key, [{ value }]]) => `${key}=${JSON.stringify(value)}`);
    expect(here.toSorted()).toEqual(local.toSorted());
    const [mounted] = compose.services['temporal']?.configs ?? [];
    expect(compose.services['temporal']?.environment?.['DYNAMIC_CONFIG_FILE_PATH']).toBe(mounted?.target);
  });
});

describe('the build of the image', () => {
  it('sends neither secrets nor what is installed here to the builder', () => {
    expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['.rivulet', '.env', 'node_modules']));
  });
});
