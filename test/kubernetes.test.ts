import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { environmentSchema } from '../config/environment.ts';
import { parseConfig } from '../config/parse.ts';
import { configSchema } from '../config/schema.ts';
import { checkJourneySettings } from '../ingress/entry/check-settings.ts';
import { eventConsumers } from '../ingress/consumers.ts';
import { createHealthApp } from '../runtime/health.ts';
import { journeyQueue, sendQueue } from '../runtime/task-queues.ts';
import { secret as realSecret } from './support/secrets.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const folder = 'deploy/kubernetes';

const models = {
  'apps/v1/Deployment': Deployment,
  'keda.sh/v1alpha1/ScaledObject': ScaledObject,
  'policy/v1/PodDisruptionBudget': PodDisruptionBudget,
  'v1/ConfigMap': ConfigMap,
  'v1/Secret': Secret,
  'v1/Service': Service,
  'v1/ServiceAccount': ServiceAccount,
};
type Kind = keyof typeof models;

interface Document {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

/** Throws when the kind is unknown here, or the document is not as its schema says. */
function validate(document: Document): void {
  const Model = models[`${document.apiVersion}/${document.kind}` as Kind] as
    | (new (data: never) => { validate(): void })
    | undefined;
  if (Model === undefined) throw new Error(`no schema for ${document.apiVersion} ${document.kind}`);
  new Model(document as never).validate();
}

const documents = readdirSync(join(root, folder)).flatMap((file) =>
  parseAllDocuments(read(`${folder}/${file}`)).map((document) => {
    expect(document.errors, file).toEqual([]);
    return document.toJS() as Document;
  }),
);

function named(kind: string, name: string): unknown {
  const found = documents.find((document) => document.kind === kind && document.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

interface Probe {
  httpGet: { path: string; port: string };
}
interface Container {
  image: string;
  command: string[];
  ports: { name: string; containerPort: number }[];
  envFrom: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  startupProbe: Probe;
  livenessProbe: Probe;
  readinessProbe: Probe;
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  securityContext: object;
  volumeMounts: { name: string; mountPath: string }[];
}
interface Workload {
  spec: {
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string>; annotations: Record<string, string> };
      spec: {
        serviceAccountName: string;
        terminationGracePeriodSeconds: number;
        securityContext: object;
        containers: [Container];
        volumes: { name: string; configMap?: { name: string } }[];
      };
    };
  };
}
interface WithData {
  data: Record<string, string>;
}
interface Scaled {
  metadata: { name: string };
  spec: {
    scaleTargetRef: { name: string };
    minReplicaCount: number;
    maxReplicaCount: number;
    triggers: { type: string; metadata: Record<string, string> }[];
  };
}

const ours = { 'rivulet-worker': 8081, 'rivulet-ingress': 8080 };
const workloads = Object.entries(ours).map(([name, port]) => {
  const { spec } = named('Deployment', name) as Workload;
  return { name, port, spec, pod: spec.template.spec, container: spec.template.spec.containers[0] };
});
const { data: environment } = named('ConfigMap', 'rivulet-environment') as WithData;
const { stringData: secret } = named('Secret', 'rivulet-secret') as { stringData: Record<string, string> };
const scaled = documents.filter(({ kind }) => kind === 'ScaledObject') as unknown as Scaled[];
const triggers = (type: string) =>
  scaled.flatMap(({ spec }) => spec.triggers).filter((trigger) => trigger.type === type);

describe('the manifests', () => {
  it('are as the schemas of Kubernetes and KEDA say', () => {
    expect(documents.length).toBeGreaterThan(9);
    for (const document of documents) expect(() => validate(document), document.metadata.name).not.toThrow();
  });

  it('would be refused with an unknown kind or a wrong field', () => {
    const [deployment] = documents.filter(({ kind }) => kind === 'Deployment');
    expect(() => validate({ ...deployment!, kind: 'Deploiment' })).toThrow('no schema for apps/v1 Deploiment');
    expect(() => validate({ ...deployment!, spec: { replicas: 'two' } } as never)).toThrow();
    const [object] = scaled;
    expect(() => validate({ ...object!, spec: { triggers: [] } } as never)).toThrow();
  });

  it('have each name once in a kind', () => {
    const names = documents.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a pod', () => {
  it.each(workloads)('of $name is asked where the product answers', async ({ name, port, spec, container }) => {
    expect(read(name === 'rivulet-worker' ? 'worker/run-worker.ts' : 'ingress/main.ts')).toContain(
      `HTTP_PORT ?? ${port}`,
    );
    expect(container.ports).toEqual([{ name: 'http', containerPort: port }]);
    expect(spec.template.metadata.annotations).toMatchObject({ 'prometheus.io/port': String(port) });
    expect(environment).not.toHaveProperty('HTTP_PORT');

    const app = createHealthApp({}, new Registry());
    const paths = [container.startupProbe, container.livenessProbe, container.readinessProbe].map(({ httpGet }) => {
      expect(httpGet.port).toBe('http');
      return httpGet.path;
    });
    for (const path of [...paths, spec.template.metadata.annotations['prometheus.io/path'] ?? '']) {
      expect((await app.request(path)).status, path).toBe(200);
    }
    expect(paths).toContain('/readyz');
    expect(container.livenessProbe.httpGet.path, 'a server that is away starts nothing again').toBe('/healthz');
  });

  it.each(workloads)('of $name runs the image as the Dockerfile makes it', ({ container, pod }) => {
    const dockerfile = read('Dockerfile');
    expect(container.image).toBe(
      `registry.example.com/rivulet:${(JSON.parse(read('package.json')) as { version: string }).version}`,
    );
    const [node, file = ''] = container.command;
    expect(node).toBe('node');
    expect(existsSync(join(root, file.replace(/^dist\//, '').replace(/\.js$/, '.ts'))), file).toBe(true);
    expect(dockerfile).toContain('USER node\n');
    // node is user 1000 of the official images.
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(Object.keys(container.resources.requests)).toEqual(['cpu', 'memory']);
    expect(container.resources.limits).toHaveProperty('memory');
  });

  it.each(workloads)('of $name has longer to end than the worker takes', ({ pod }) => {
    const source = read('worker/workers.ts');
    const grace = Number(/const graceMs = ([\d_]+)/.exec(source)?.[1]?.replaceAll('_', ''));
    const more = Number(/shutdownForceTime: graceMs \+ ([\d_]+)/.exec(source)?.[1]?.replaceAll('_', ''));
    expect(grace + more).toBeGreaterThan(0);
    expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(grace + more + 5_000);
  });

  it.each(workloads)('of $name gets what exists', ({ pod, container }) => {
    named('ServiceAccount', pod.serviceAccountName);
    const from = container.envFrom.flatMap(({ configMapRef, secretRef }) => [
      ...(configMapRef ? [(named('ConfigMap', configMapRef.name) as Document).metadata.name] : []),
      ...(secretRef ? [(named('Secret', secretRef.name) as Document).metadata.name] : []),
    ]);
    expect(from).toEqual(['rivulet-environment', 'rivulet-secret']);
    const config = pod.volumes.find(({ configMap }) => configMap !== undefined);
    const mount = container.volumeMounts.find(({ name }) => name === config?.name);
    const { data } = named('ConfigMap', config?.configMap?.name ?? '') as WithData;
    const files = Object.keys(data).map((file) => `${mount?.mountPath}/${file}`);
    expect(files).toEqual([environment['RIVULET_CONFIG']]);
  });

  it.each(workloads)('of $name is found by what selects it', ({ name, spec }) => {
    const { labels } = spec.template.metadata;
    const budget = named('PodDisruptionBudget', name) as Pick<Workload, 'spec'>;
    expect(labels).toMatchObject(spec.selector.matchLabels);
    expect(labels).toMatchObject(budget.spec.selector.matchLabels);
    expect(Object.keys(spec.selector.matchLabels)).toHaveLength(1);
  });

  it('of the ingress stands behind its service', () => {
    const { spec } = named('Service', 'rivulet-ingress') as {
      spec: { selector: object; ports: { port: number; targetPort: string }[] };
    };
    const [ingress] = workloads.filter(({ name }) => name === 'rivulet-ingress');
    expect(ingress?.spec.template.metadata.labels).toMatchObject(spec.selector);
    expect(spec.ports).toEqual([{ name: 'http', port: 8080, targetPort: 'http' }]);
  });
});

describe('the configuration', () => {
  it('is one that ingress and worker take, with the templates of the image', () => {
    const { data } = named('ConfigMap', 'rivulet-config') as WithData;
    const { config, mistakes } = parseConfig(
      '/etc/rivulet/rivulet.yaml',
      data['rivulet.yaml'] ?? '',
      checkJourneySettings,
    );
    expect(mistakes).toEqual([]);
    expect(config?.templates.dir).toBe('/app/templates');
    expect(read('Dockerfile')).toContain('COPY --from=build /app/templates ./templates');
  });

  it('names only variables that somebody reads', () => {
    const known = [...Object.keys(environmentSchema.shape), 'AWS_REGION'];
    const set = [...Object.keys(environment), ...Object.keys(secret)];
    for (const variable of set) expect(known).toContain(variable);
    expect(new Set(set).size).toBe(set.length);
  });

  it('is refused with the example secrets, and taken with real ones', () => {
    const refused = environmentSchema.safeParse({ ...environment, ...secret });
    expect(refused.error?.issues.map(({ path }) => path.join('.')).toSorted()).toEqual(Object.keys(secret).toSorted());
    for (const value of Object.values(secret)) expect(value).toMatch(/^REPLACE-ME/);
    const real = {
      RIVULET_SECRET: realSecret,
      REDIS_URL: 'rediss://redis.example.com:6379',
      POSTGRES_URL: 'postgres://rivulet:password@postgres.example.com:5432/rivulet?sslmode=verify-full',
    };
    expect(environmentSchema.safeParse({ ...environment, ...real }).error).toBeUndefined();
  });

  it('listens where a probe can reach it', () => {
    expect(environment['HTTP_HOST']).toBe('0.0.0.0');
  });
});

describe('KEDA', () => {
  const { queues } = configSchema.parse({});

  it('scales deployments that exist and set no replicas of their own', () => {
    expect(scaled.map(({ spec }) => spec.scaleTargetRef.name).toSorted()).toEqual(Object.keys(ours).toSorted());
    for (const { spec } of scaled) {
      expect((named('Deployment', spec.scaleTargetRef.name) as Workload).spec).not.toHaveProperty('replicas');
      expect(spec.minReplicaCount).toBeGreaterThanOrEqual(2);
      expect(spec.maxReplicaCount).toBeGreaterThan(spec.minReplicaCount);
    }
  });

  it('counts the tasks of both queues, in the namespace and at the address that the worker uses', () => {
    const temporal = triggers('temporal').map(({ metadata }) => metadata);
    expect(temporal.map(({ taskQueue }) => taskQueue)).toEqual([journeyQueue, sendQueue]);
    expect(temporal.map(({ queueTypes }) => queueTypes)).toEqual(['workflow,activity', 'activity']);
    for (const { endpoint, namespace } of temporal) {
      expect(endpoint).toBe(environment['TEMPORAL_ADDRESS']);
      expect(namespace).toBe(environment['TEMPORAL_NAMESPACE']);
    }
  });

  it('counts the events of the stream that the ingress reads', () => {
    const streams = triggers('nats-jetstream').map(({ metadata }) => [metadata['stream'], metadata['consumer']]);
    const read = eventConsumers().filter(({ kind }) => kind !== 'unlisted'); // that one sees every message once more
    expect(streams).toEqual(read.map(({ name }) => [queues.marketing_events.name, name]));
  });

  // https://keda.sh/docs/2.17/scalers/: a parameter that a scaler does not know is ignored without a word.
  it('is told only what its scalers know, as text', () => {
    const known: Record<string, string[]> = {
      temporal: ['endpoint', 'namespace', 'taskQueue', 'queueTypes', 'targetQueueSize', 'activationTargetQueueSize'],
      'nats-jetstream': [
        'natsServerMonitoringEndpoint',
        'account',
        'stream',
        'consumer',
        'lagThreshold',
        'activationLagThreshold',
      ],
      cpu: ['value'],
    };
    for (const { type, metadata } of scaled.flatMap(({ spec }) => spec.triggers)) {
      expect(Object.keys(metadata).toSorted(), type).toEqual(known[type]?.toSorted());
      for (const value of Object.values(metadata)) expect(typeof value).toBe('string');
    }
  });
});
