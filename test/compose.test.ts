import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environmentSchema } from '../config/environment.ts';
import { temporal } from '../local/servers/temporal.ts';
import { secret } from './support/secrets.ts';

interface Service {
  image: string;
  build?: string;
  command: string | string[];
  environment?: Record<string, string>;
  ports?: string[];
  healthcheck: { test: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
}

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8');
const exists = (file: string) => existsSync(fileURLToPath(new URL(`../${file}`, import.meta.url)));

const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  configs: { nats: { content: string } };
};
const services = Object.entries(compose.services);
const runsOnce = (service: Service) => service.healthcheck.disable === true;
const ours = services.filter(([, service]) => service.build !== undefined);

describe('docker-compose.yml', () => {
  it('runs the servers, the worker, the ingress and the SES stand-in', () => {
    const lasting = services.filter(([, service]) => !runsOnce(service)).map(([name]) => name);
    expect(lasting.toSorted()).toEqual(['ingress', 'nats', 'postgres', 'redis', 'ses', 'temporal', 'worker']);
  });

  it('names only variables that somebody reads', () => {
    const theirs = ['AWS_REGION', 'AWS_ENDPOINT_URL_SESV2', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
    const known = [...Object.keys(environmentSchema.shape), ...theirs];
    for (const [, service] of ours) {
      for (const variable of Object.keys(service.environment ?? {})) expect(known).toContain(variable);
    }
  });

  it('gives our own processes an environment that they accept, once there is a secret', () => {
    for (const [name, { environment }] of ours) {
      expect(environment?.['RIVULET_SECRET'], name).toMatch(/^\$\{RIVULET_SECRET:\?.+\}$/);
      const checked = environmentSchema.safeParse({ ...environment, RIVULET_SECRET: secret });
      expect(checked.error, name).toBeUndefined();
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
      expect(healthcheck.test.at(-1), name).toContain(`:${environment?.['HTTP_PORT']}/`);
      expect(ports?.[0], name).toContain(`:${environment?.['HTTP_PORT']}`);
    }
  });

  it('has a health check for everything that lasts, and waits for health or for the end, never for a mere start', () => {
    for (const [name, service] of services) {
      if (!runsOnce(service)) expect(service.healthcheck.test.length, name).toBeGreaterThan(1);
      for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
        const end = runsOnce(compose.services[needed]!) ? 'service_completed_successfully' : 'service_healthy';
        expect(condition, `${name} on ${needed}`).toBe(end);
      }
    }
  });

  it('pins every image', () => {
    const foreign = services.filter(([, service]) => service.build === undefined);
    for (const [, { image }] of foreign) expect(image).toMatch(/:\d+\.\d+/);
    for (const [, image] of read('Dockerfile').matchAll(/^FROM (\S+)/gm)) expect(image).toMatch(/:\d+\.\d+/);
  });

  it('keeps what was acknowledged over a power cut', () => {
    expect(compose.configs.nats.content).toContain('sync_interval: always');
    expect(compose.services['postgres']?.command).not.toContain('fsync=off');
    expect(compose.services['temporal']?.command).toContain('--sqlite-pragma=synchronous=FULL');
  });

  it('gives Temporal the flags that it gets from npm start', () => {
    const ports = { port: 7233, uiPort: 8233, httpPort: 7243, metricsPort: 7253 };
    const { args } = temporal({ binary: 'temporal', dataDir: '/data', durable: true, ...ports });
    const local = args
      .join(' ')
      .replaceAll('ip 127.0.0.1', 'ip 0.0.0.0')
      .split(' --')
      .slice(1)
      .map((flag) => flag.replace(' ', '='));

    const [, , ...flags] = compose.services['temporal']!.command as string[];
    expect(flags.map((flag) => flag.slice('--'.length)).toSorted()).toEqual(local.toSorted());
  });
});

describe('the image', () => {
  it('copies only what exists or what the build makes, and never the secret or the local servers', () => {
    const copied = [...read('Dockerfile').matchAll(/^COPY --from=build (.+) \S+$/gm)].flatMap(([, files]) =>
      files!.split(' '),
    );
    expect(copied.length).toBeGreaterThan(3);
    for (const file of copied.map((path) => path.replace('/app/', ''))) {
      if (file !== 'dist' && file !== 'node_modules') expect(exists(file), file).toBe(true);
    }
    expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['.rivulet', '.env', 'node_modules']));
  });
});
