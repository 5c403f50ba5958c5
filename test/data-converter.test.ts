import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { firstOf } from '../cli/sends-in-history.ts';
import { fetchHistory, loadDataConverter } from '../runtime/data-converter.ts';
import { connectTemporal } from '../runtime/temporal.ts';

const encrypting = fileURLToPath(new URL('support/encrypting-converter.mjs', import.meta.url));
const log = { info: () => {}, warn: () => {} };
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rivulet-converter-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('what it encodes is stored encoded, and histories are read decoded', async () => {
  const dataConverter = await loadDataConverter(encrypting);
  const settings = { address: inject('servers').temporal, namespace: 'rivulet', dataConverter };
  const client = await connectTemporal(settings, log);
  const [workflowId, sent] = [`converted-${randomUUID()}`, { plan: 'a marker', times: [1, 2] }];
  const handle = await client.workflow.start('nobody-runs-it', { workflowId, taskQueue: 'nobody', args: [sent] });
  const stored = await handle.fetchHistory();
  expect(JSON.stringify(stored)).not.toContain(Buffer.from('a marker').toString('base64').slice(0, 8));
  const history = await fetchHistory(client, workflowId);
  const [started] = history.events ?? [];
  expect(firstOf(started?.workflowExecutionStartedEventAttributes?.input)).toEqual(sent);
  expect(started?.eventId?.toString()).toBe('1');
  await handle.terminate();
  await client.connection.close();
});

it.each([
  ['no such file', undefined, 'cannot be loaded: Cannot find module'],
  ['no export', 'export const other = 1;', 'has no export "dataConverter"'],
  ['not a codec', 'export const dataConverter = { payloadCodecs: [{ encode: 1 }] };', 'must be a list of objects'],
  ['no module', 'export const = ;', 'cannot be loaded: '],
  ['a module that throws nothing in particular', 'throw null;', 'cannot be loaded: null'],
])('%s is said with its place', async (name, code, words) => {
  const file = join(folder, `${name.replaceAll(' ', '-')}.mjs`);
  if (code !== undefined) writeFileSync(file, code);
  const loading = loadDataConverter(file);
  await expect(loading).rejects.toThrow('environment RIVULET_DATA_CONVERTER: ');
  await expect(loading).rejects.toThrow(words);
});
