import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { environmentSchema } from '../config/environment.ts';
import { parseConfig } from '../config/parse.ts';
import { configSchema } from '../config/schema.ts';
import { secretVariables } from '../config/secret-files.ts';
import { eventConsumers } from '../ingress/consumers.ts';
import { checkJourneySettings } from '../ingress/entry/check-settings.ts';
import { journeyQueue, sendQueue } from '../runtime/task-queues.ts';
import { hasDownloads } from './support/downloads.ts';
import { type Manifest, renderChart, type Rendered } from './support/render-chart.ts';
import { secret } from './support/secrets.ts';
import { kubernetesVersion, manifestValidator } from './support/validate-manifest.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const chart = 'deploy/helm/rivulet';
const values = parse(read(`${chart}/values.yaml`)) as { config: object; environment: Record<string, string> };

interface Probe {
  httpGet: { path: string; port: string };
}
interface Container {
  name: string;
  image: string;
  command: string[];
  env: { name: string; value: string }[];
  ports: { name: string; containerPort: number }[];
  startupProbe: Probe;
  livenessProbe: Probe;
  readinessProbe: Probe;
  resources: { requests: object; limits: object };
  securityContext: object;
  volumeMounts: { name: string; mountPath: string }[];
}
interface Workload extends Manifest {
  spec: {
    replicas?: number;
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string>; annotations: Record<string, string> };
      spec: {
        serviceAccountName: string;
        automountServiceAccountToken: boolean;
        terminationGracePeriodSeconds: number;
        securityContext: object;
        initContainers?: Container[];
        containers: [Container];
        volumes: { name: string; configMap?: { name: string }; secret?: { secretName: string } }[];
      };
    };
  };
}
interface Policy extends Manifest {
  spec: { ingress: { ports: { port: string }[] }[]; egress: { ports: { port: number }[]; to?: object[] }[] };
}
interface Scaled extends Manifest {
  spec: { scaleTargetRef: { name: string }; triggers: { type: string; metadata: Record<string, string> }[] };
}

const required = {
  publicUrl: 'https://mail.example.com',
  ingress: { secret: { existing: 'ingress-secrets' } },
  worker: { secret: { existing: 'worker-secrets' } },
};
const url = 'postgres://rivulet:password@postgres.example.com:5432/rivulet?sslmode=verify-full';
const ownValues = { RIVULET_SECRET: secret, POSTGRES_URL: url, REDIS_URL: 'rediss://redis.example.com:6379' };
/** The values in docs/deploying.md, with something in place of each `…`. */
const documented = parse(
  /```yaml\n([^]*?)```/.exec(read('docs/deploying.md'))?.[1]?.replace('sha256:…', `sha256:${'b'.repeat(64)}`) ?? '',
) as object;
const cases = {
  documented,
  required,
  everything: {
    ...required,
    image: { digest: `sha256:${'a'.repeat(64)}`, pullSecrets: [{ name: 'registry' }] },
    ingress: {
      secret: { existing: 'ingress-secrets', keys: ['RIVULET_SECRET', 'POSTGRES_URL', 'REDIS_URL', 'NATS_URL'] },
      serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/feedback' } },
      environment: { FEEDBACK_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/1/feedback' },
      extra: { volumes: [{ name: 'ca', configMap: { name: 'ca' } }], mounts: [{ name: 'ca', mountPath: '/etc/ca' }] },
    },
    worker: { secret: { values: ownValues } },
    release: { secret: { existing: 'schema-owner' } },
    public: { type: 'ingress', annotations: { a: 'b' }, ingress: { className: 'nginx', tlsSecret: 'mail-tls' } },
    networkPolicy: {
      publicFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }],
      extraEgress: { worker: [{ ports: [{ protocol: 'TCP', port: 587 }] }] },
    },
    keda: { temporal: { authenticationRef: 'temporal' } },
  },
  gateway: { ...required, public: { type: 'gateway', gateway: { parentRefs: [{ name: 'public', namespace: 'gw' }] } } },
  bare: {
    ...required,
    provision: false,
    keda: { enabled: false },
    networkPolicy: { enabled: false },
    release: { enabled: false },
  },
  noUrl: { ...required, publicUrl: 'http://mail.example.com' },
  noSecret: { publicUrl: 'https://mail.example.com' },
  weakSecret: { ...required, worker: { secret: { values: { ...ownValues, RIVULET_SECRET: 'REPLACE-ME' } } } },
  unknownKey: { ...required, wroker: {} },
  noGateway: { ...required, public: { type: 'gateway' } },
  latest: { ...required, image: { tag: 'latest' } },
};

// Rendered by the SDK of Helm, for which there is a package on this platform only.
describe.runIf(hasDownloads)('the Helm chart', () => {
  let rendered: Record<keyof typeof cases, Rendered>;
  beforeAll(() => {
    rendered = renderChart(cases);
  }, 240_000); // the first time, it downloads what it renders with

  const all = (name: keyof typeof cases): Manifest[] => {
    const manifests = rendered[name];
    if ('error' in manifests) throw new Error(manifests.error);
    return manifests;
  };
  const kindsIn = (name: keyof typeof cases) => all(name).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- each call names the kind that it reads
  const find = <T = Workload>(kind: string, name: string, from: keyof typeof cases = 'required') => {
    const found = all(from).find((one) => one.kind === kind && one.metadata.name === name);
    if (!found) throw new Error(`${kind} ${name} not found`);
    return found as T;
  };
  const podOf = (role: string, from: keyof typeof cases = 'required') =>
    find('Deployment', `rivulet-${role}`, from).spec.template.spec;
  const environmentOf = ({ env }: Container) => Object.fromEntries(env.map(({ name, value }) => [name, value]));

  describe('renders', () => {
    it.each(['documented', 'required', 'everything', 'gateway', 'bare'] as const)(
      '%s as the schemas of Kubernetes, KEDA and the Gateway API require',
      (name) => {
        const validate = manifestValidator();
        for (const manifest of all(name)) {
          expect(() => validate(manifest), `${manifest.kind} ${manifest.metadata.name}`).not.toThrow();
          expect(manifest.metadata.labels).toMatchObject({ 'app.kubernetes.io/part-of': 'rivulet' });
        }
        expect(new Set(kindsIn(name)).size).toBe(kindsIn(name).length);
      },
    );

    it('nothing that those schemas would accept with an unknown field', () => {
      const validate = manifestValidator();
      const deployment = find('Deployment', 'rivulet-worker');
      expect(() => validate({ ...deployment, spec: { ...deployment.spec, replica: 2 } } as never)).toThrow(
        'must NOT have additional properties',
      );
      expect(() =>
        validate({ ...find<Scaled>('ScaledObject', 'rivulet-worker'), spec: { triggers: [] } } as never),
      ).toThrow();
    });

    it('what the oldest accepted Kubernetes has', () => {
      expect(parse(read(`${chart}/Chart.yaml`))).toMatchObject({ kubeVersion: `>=${kubernetesVersion}-0` });
    });

    it('only what is enabled', () => {
      expect(kindsIn('bare').map((one) => one.split('/')[0])).not.toEqual(
        expect.arrayContaining(['Job', 'NetworkPolicy', 'ScaledObject', 'Ingress', 'HTTPRoute', 'Secret']),
      );
      for (const role of ['ingress', 'worker']) {
        expect(find('Deployment', `rivulet-${role}`, 'bare').spec.replicas).toBe(2);
        expect(find('Deployment', `rivulet-${role}`).spec).not.toHaveProperty('replicas'); // KEDA's
        expect(podOf(role, 'bare').containers[0].command).toContain('--no-provision');
      }
    });
  });

  it.each([
    ['noUrl', /publicUrl/],
    ['noSecret', /Set (ingress|worker)\.secret\.existing to the name of a Secret/],
    ['weakSecret', /RIVULET_SECRET/],
    ['unknownKey', /wroker/],
    ['noGateway', /parentRefs/],
    ['latest', /tag/],
  ] as const)('refuses %s and names it', (name, reason) => {
    const refused = rendered[name];
    expect('error' in refused ? refused.error : 'rendered').toMatch(reason);
  });

  describe('separates the roles', () => {
    it('by ServiceAccount and Secret, without tokens', () => {
      const [ingress, worker] = [podOf('ingress'), podOf('worker')];
      expect([ingress, worker].map((pod) => pod.serviceAccountName)).toEqual(['rivulet-ingress', 'rivulet-worker']);
      for (const pod of [ingress, worker]) {
        find('ServiceAccount', pod.serviceAccountName);
        expect(pod.automountServiceAccountToken).toBe(false);
      }
      const secretOf = (pod: typeof ingress) => pod.volumes.find(({ name }) => name === 'secret')?.secret?.secretName;
      expect([secretOf(ingress), secretOf(worker)]).toEqual(['ingress-secrets', 'worker-secrets']);
      expect(secretOf(podOf('worker', 'everything'))).toBe('rivulet-worker');
      expect(find<Manifest & { stringData: object }>('Secret', 'rivulet-worker', 'everything').stringData).toEqual(
        ownValues,
      );
      expect(find('ServiceAccount', 'rivulet-ingress', 'everything').metadata.annotations).toBeDefined();
      expect(find('ServiceAccount', 'rivulet-worker', 'everything').metadata.annotations).toBeUndefined();
    });

    it('mounts secrets as files, and puts none into the environment', () => {
      for (const role of ['ingress', 'worker']) {
        const [container] = podOf(role, 'everything').containers;
        const mount = container.volumeMounts.find(({ name }) => name === 'secret')?.mountPath;
        const environment = environmentOf(container);
        for (const name of secretVariables) {
          if (environment[`${name}_FILE`]) expect(environment[`${name}_FILE`]).toBe(`${mount}/${name}`);
        }
        expect(Object.keys(environment)).toEqual(
          expect.arrayContaining(Object.keys(ownValues).map((one) => `${one}_FILE`)),
        );
        expect(JSON.stringify(environment)).not.toContain(secret);
      }
      // A variable and its file together would be refused at start.
      const ingress = environmentOf(podOf('ingress', 'everything').containers[0]);
      expect(ingress).toHaveProperty('NATS_URL_FILE');
      expect(ingress).not.toHaveProperty('NATS_URL');
    });

    it('by network: only the public port of the ingress is reachable, and each role reaches its own servers', () => {
      const policy = (role: string) => find<Policy>('NetworkPolicy', `rivulet-${role}`).spec;
      const reachable = (role: string) => policy(role).ingress.flatMap(({ ports }) => ports.map(({ port }) => port));
      const reaches = (role: string) => policy(role).egress.flatMap(({ ports }) => ports.map(({ port }) => port));
      expect(['ingress', 'worker', 'release'].map(reachable)).toEqual([['http', 'health'], ['health'], []]);
      expect(reaches('ingress')).toEqual([53, 53, 4222, 7233, 5432, 6379, 443]);
      expect(reaches('worker')).toEqual([53, 53, 7233, 5432, 6379, 443]);
      expect(reaches('release')).toEqual([53, 53, 5432, 6379]);
      const https = policy('worker').egress.at(-1)?.to;
      expect(JSON.stringify(https)).toContain('169.254.0.0/16'); // the cloud's metadata service
    });
  });

  describe('routes', () => {
    it('the three public paths and no other, by Ingress', () => {
      const { spec } = find<Manifest & { spec: { rules: { host: string; http: { paths: object[] } }[] } }>(
        'Ingress',
        'rivulet-ingress',
        'everything',
      );
      expect(spec.rules.map(({ host }) => host)).toEqual(['mail.example.com']);
      expect(spec.rules[0]?.http.paths).toMatchObject([
        { path: '/feedback/sns', pathType: 'Exact' },
        { path: '/preferences', pathType: 'Prefix' },
        { path: '/u', pathType: 'Prefix' },
      ]);
    });

    it('the same by Gateway', () => {
      const { spec } = find<Manifest & { spec: { hostnames: string[]; rules: { matches: object[] }[] } }>(
        'HTTPRoute',
        'rivulet-ingress',
        'gateway',
      );
      expect(spec.hostnames).toEqual(['mail.example.com']);
      expect(spec.rules[0]?.matches).toEqual([
        { path: { type: 'Exact', value: '/feedback/sns' } },
        { path: { type: 'PathPrefix', value: '/preferences' } },
        { path: { type: 'PathPrefix', value: '/u' } },
      ]);
    });

    it('by a Service that does not have health and metrics', () => {
      const { spec } = find<Manifest & { spec: { selector: object; ports: object[] } }>('Service', 'rivulet-ingress');
      expect(spec.ports).toEqual([{ name: 'http', port: 8080, targetPort: 'http' }]);
      expect(find('Deployment', 'rivulet-ingress').spec.template.metadata.labels).toMatchObject(spec.selector);
    });
  });

  describe.each([
    ['ingress', 9080],
    ['worker', 8081],
  ])('runs the %s', (role, port) => {
    it('with probes and metrics on its health port', () => {
      const [container] = podOf(role).containers;
      expect(container.ports.find(({ name }) => name === 'health')?.containerPort).toBe(port);
      const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
      for (const { httpGet } of probes) expect(httpGet.port).toBe('health');
      expect(probes.map(({ httpGet }) => httpGet.path)).toContain('/readyz');
      expect(container.livenessProbe.httpGet.path, 'an unavailable server restarts nothing').toBe('/healthz');
      const { annotations } = find('Deployment', `rivulet-${role}`).spec.template.metadata;
      expect(annotations).toMatchObject({ 'prometheus.io/port': String(port), 'prometheus.io/path': '/metrics' });
    });

    it('from the image, as its user, on a read-only root', () => {
      const pod = podOf(role);
      const [container] = pod.containers;
      const { version } = JSON.parse(read('package.json')) as { version: string };
      expect(container.image).toBe(`registry.example.com/rivulet:${version}`);
      expect(podOf(role, 'everything').containers[0].image).toBe(
        `registry.example.com/rivulet@sha256:${'a'.repeat(64)}`,
      );
      const [node, file = ''] = container.command;
      expect(node).toBe('node');
      expect(existsSync(join(root, file.replace(/^dist\//, '').replace(/\.js$/, '.ts'))), file).toBe(true);
      expect(read('Dockerfile')).toContain('USER 65532:65532\n');
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532 });
      expect(container.securityContext).toEqual({
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources.limits).not.toHaveProperty('cpu');
    });

    it('with an environment that it accepts once the secrets are read', () => {
      for (const from of ['required', 'everything'] as const) {
        const environment = environmentOf(podOf(role, from).containers[0]);
        const known = [
          ...Object.keys(environmentSchema.shape),
          'AWS_REGION',
          ...secretVariables.map((one) => `${one}_FILE`),
        ];
        for (const name of Object.keys(environment)) expect(known).toContain(name);
        expect(environmentSchema.safeParse({ ...environment, ...ownValues }).error).toBeUndefined();
        expect(environment['HTTP_HOST']).toBe('0.0.0.0');
      }
    });

    it('for longer than it takes to finish its sends', () => {
      const source = read('worker/workers.ts');
      const grace = Number(/const graceMs = ([\d_]+)/.exec(source)?.[1]?.replaceAll('_', ''));
      const more = Number(/shutdownForceTime: graceMs \+ ([\d_]+)/.exec(source)?.[1]?.replaceAll('_', ''));
      expect(grace + more).toBeGreaterThan(0);
      expect(podOf(role).terminationGracePeriodSeconds * 1_000).toBeGreaterThan(grace + more + 5_000);
    });

    it('with a disruption budget that selects its pods', () => {
      const { labels } = find('Deployment', `rivulet-${role}`).spec.template.metadata;
      expect(labels).toMatchObject(find('PodDisruptionBudget', `rivulet-${role}`).spec.selector.matchLabels);
    });
  });

  it('migrates and then publishes templates in a Job of each revision', () => {
    const { spec } = find('Job', 'rivulet-release-1').spec.template;
    const commands = [...(spec.initContainers ?? []), ...spec.containers].map(({ command }) => command.slice(0, 4));
    expect(commands).toEqual([
      ['node', 'dist/cli/main.js', 'migrate'],
      ['node', 'dist/cli/main.js', 'templates', 'publish'],
    ]);
    expect(spec.serviceAccountName).toBe('rivulet-release');
    const owner = find('Job', 'rivulet-release-1', 'everything').spec.template.spec;
    expect(owner.volumes.find(({ name }) => name === 'secret')?.secret?.secretName).toBe('schema-owner');
  });

  it('configures what ingress and worker accept', () => {
    const { data } = find<Manifest & { data: Record<string, string> }>('ConfigMap', 'rivulet-config');
    expect(parse(data['rivulet.yaml'] ?? '')).toEqual(values.config);
    const { mistakes } = parseConfig('rivulet.yaml', stringify(values.config), checkJourneySettings);
    expect(mistakes).toEqual([]);
    const config = environmentOf(podOf('worker').containers[0])['RIVULET_CONFIG'];
    expect(config).toBe('/etc/rivulet/rivulet.yaml');
  });

  describe('scales with KEDA', () => {
    const triggers = (type: string) =>
      ['rivulet-worker', 'rivulet-ingress']
        .flatMap((name) => find<Scaled>('ScaledObject', name).spec.triggers)
        .filter((trigger) => trigger.type === type);

    it('by the tasks of both queues, in the namespace and at the address that the worker uses', () => {
      const temporal = triggers('temporal').map(({ metadata }) => metadata);
      const queues = temporal.map(({ taskQueue, queueTypes }) => [taskQueue, queueTypes]);
      expect(queues.toSorted()).toEqual(
        [
          [journeyQueue, 'workflow,activity'],
          [sendQueue, 'activity'],
        ].toSorted(),
      );
      for (const { endpoint, namespace } of temporal) {
        expect(endpoint).toBe(values.environment['TEMPORAL_ADDRESS']);
        expect(namespace).toBe(values.environment['TEMPORAL_NAMESPACE']);
      }
    });

    it('by the lanes that the ingress reads', () => {
      const { queues } = configSchema.parse({});
      const streams = triggers('nats-jetstream').map(({ metadata }) => [metadata['stream'], metadata['consumer']]);
      const lanes = eventConsumers().filter(({ kind }) => kind !== 'unlisted'); // that one sees every message once more
      expect(streams).toEqual(lanes.map(({ name }) => [queues.marketing_events.name, name]));
    });

    // https://keda.sh/docs/2.17/scalers/: a scaler silently ignores an unknown parameter.
    it('by parameters that its scalers know, as text', () => {
      const known: Record<string, string> = {
        temporal: 'endpoint namespace taskQueue queueTypes targetQueueSize activationTargetQueueSize',
        'nats-jetstream': 'natsServerMonitoringEndpoint account stream consumer lagThreshold activationLagThreshold',
        cpu: 'value',
      };
      for (const [type, parameters] of Object.entries(known)) {
        expect(triggers(type).length).toBeGreaterThan(0);
        for (const { metadata } of triggers(type)) {
          expect(Object.keys(metadata).toSorted(), type).toEqual(parameters.split(' ').toSorted());
          for (const value of Object.values(metadata)) expect(typeof value).toBe('string');
        }
      }
    });
  });
});
