import { randomUUID } from 'node:crypto';

import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import type { EventType } from '../events/index.ts';
import { type Route, routes } from '../ingress/routes.ts';
import { bundleWorkflows, templatesNamedIn } from '../worker/bundle.ts';
import * as journeys from '../workflows/index.ts';
import { event, person } from './support/events.ts';
import { type QuietWorker, startQuietWorker } from './support/quiet-worker.ts';

/** Journeys that another journey starts, so that no route names them. */
const children: string[] = [];
/** What Rivulet does for itself: feedback and a schedule start it. */
const system = ['recipient', 'suppressionSync'];

const root = new URL('..', import.meta.url).pathname;
let code: string;
beforeAll(async () => {
  ({ code } = await bundleWorkflows());
}, 60_000);

/** Every file in the bundle, relative to the project, by its source map and by webpack's own module names. */
function modules(): string[] {
  const [, base64 = ''] = /sourceMappingURL=data:application\/json[^,]*,([A-Za-z0-9+/=]+)\s*$/.exec(code) ?? [];
  const { sources } = JSON.parse(Buffer.from(base64, 'base64').toString()) as { sources: string[] };
  const named = [...code.matchAll(/^\/\*\*\*\/ "([^"]+)"/gm)].map(([, name = '']) => name.replace(/^\.\//, ''));
  return [...named, ...sources.map((source) => source.replace(root, ''))];
}

describe('what the workflow sandbox loads', () => {
  // `ignored|` and `?…` stand for the optional converters that we do not have.
  const allowed =
    /^(\?[0-9a-f]+$|workflows\/|node_modules\/(@temporalio\/(common|workflow)|nexus-rpc|ms|long)\/|webpack\/|ignored\|.*node_modules\/@temporalio\/workflow\/|__temporal_custom_(failure|payload)_converter)/;

  it('is our journeys, Temporal, and the little that Temporal needs', () => {
    const found = modules();
    expect(found).toContain('workflows/journeys/onboarding.ts');
    expect(found).toContain('node_modules/@temporalio/workflow/lib/index.js');
    expect(found.filter((module) => !allowed.test(module))).toEqual([]);
  });

  it.each(['zod', 'handlebars', 'pino', 'ioredis', '@aws-sdk', 'protobufjs', 'yaml', '@nats-io'])(
    'is not %s',
    (name) => {
      expect(modules().filter((module) => module.includes(`node_modules/${name}`))).toEqual([]);
    },
  );

  it('reaches for nothing of Node', () => {
    expect(modules().filter((module) => module.startsWith('node:') || module.startsWith('external'))).toEqual([]);
    expect(code).not.toMatch(/require\("(node:)?(fs|crypto|net|http|child_process|os|path)"\)/);
  });

  it('is small: every run of every journey pays for it', () => {
    expect(code.length).toBeGreaterThan(100_000);
    expect(code.length).toBeLessThan(2_200_000);
  });
});

describe('the templates that journeys name', () => {
  it('are found in the bundle, so that the worker can look for them before it takes work', () => {
    expect(templatesNamedIn({ code })).toEqual(expect.arrayContaining(['confirm-subscription', 'receipt', 'welcome']));
    expect(templatesNamedIn({ code: code.replaceAll("'welcome', signup", "'welcmoe', signup") })).toContain('welcmoe');
  });
});

describe('journeys and routes', () => {
  let worker: QuietWorker;
  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    worker = await startQuietWorker(inject('servers').temporal, { code });
  }, 60_000);
  afterAll(() => worker.close(), 60_000);

  const all = Object.entries(routes) as [EventType, Route][];

  it('every workflow is started by an event, by another journey, or by Rivulet itself', () => {
    const started = [...all.map(([, route]) => route.starts), ...children, ...system];
    expect(Object.keys(journeys).sort()).toEqual([...new Set(started)].sort());
  });

  it.each(all)('%s: the journey listens for what its route says', async (type, { starts, listensFor = [] }) => {
    const ada = person('ada');
    const handle = await worker.client.workflow.start(starts, {
      workflowId: randomUUID(),
      taskQueue: 'journeys',
      args: [event(type, ada.user_id)],
    });
    const metadata = await handle.query<{ definition: { type: string; signalDefinitions?: { name: string }[] } }>(
      '__temporal_workflow_metadata',
    );
    expect(metadata.definition.type).toBe(starts);
    const heard = (metadata.definition.signalDefinitions ?? []).map(({ name }) => name);
    expect(heard.sort()).toEqual([...listensFor].sort());
  });
});
