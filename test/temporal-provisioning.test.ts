import { randomUUID } from 'node:crypto';

import { pino } from 'pino';
import { expect, inject, it } from 'vitest';

import { connectTemporal, provisionTemporal } from '../runtime/temporal.ts';

const month = 30 * 86_400_000;

it('makes a namespace that keeps its runs for 30 days, with the search attributes, and finds both the next time', async () => {
  const namespace = `rivulet-${randomUUID().slice(0, 8)}`;
  const client = await connectTemporal({ address: inject('servers').temporal, namespace }, pino({ level: 'silent' }));
  try {
    await expect(provisionTemporal(client, namespace, false)).rejects.toThrow(`no namespace "${namespace}"`);
    expect(await provisionTemporal(client, namespace, true)).toBe(month);
    expect(await provisionTemporal(client, namespace, false)).toBe(month);
    const { config } = await client.workflowService.describeNamespace({ namespace });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds) * 1_000).toBe(month);
  } finally {
    await client.connection.close();
  }
}, 60_000);
