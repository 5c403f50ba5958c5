import { randomUUID } from 'node:crypto';

import { status, InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { pino } from 'pino';
import { describe, expect, inject, it, vi } from 'vitest';

import { connectTemporal, openNamespace, provisionTemporal } from '../runtime/temporal.ts';
import { unavailableCode } from '../runtime/unavailable.ts';

const month = 30 * 86_400_000;
const silent = pino({ level: 'silent' });

it('makes a namespace that keeps its runs for 30 days, with the search attributes, and finds both the next time', async () => {
  const namespace = `rivulet-${randomUUID().slice(0, 8)}`;
  const client = await connectTemporal({ address: inject('servers').temporal, namespace }, silent);
  try {
    await expect(provisionTemporal(client, namespace, false)).rejects.toThrow(`no namespace "${namespace}"`);
    expect(await provisionTemporal(client, namespace, true)).toEqual({ retentionMs: month, unknown: [] });
    expect(await provisionTemporal(client, namespace, false)).toEqual({ retentionMs: month, unknown: [] });
    const { config } = await client.workflowService.describeNamespace({ namespace });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds) * 1_000).toBe(month);
  } finally {
    await client.connection.close();
  }
}, 60_000);

/** The suite's Temporal, which answers these methods as servers do that do not allow them. */
async function refusing(methods: RegExp, code: status): Promise<Client> {
  const refuse: Interceptor = (options, next) => {
    if (!methods.test(options.method_definition.path)) return new InterceptingCall(next(options));
    return new InterceptingCall(next(options), {
      start: (metadata, listener, _next) => listener.onReceiveStatus({ code, details: 'refused', metadata }),
      sendMessage: () => {},
      halfClose: () => {},
    });
  };
  const connection = await Connection.connect({ address: inject('servers').temporal, interceptors: [refuse] });
  return new Client({ connection, namespace: 'rivulet' });
}

describe('a server that does not allow everything', () => {
  it.each([status.UNIMPLEMENTED, status.PERMISSION_DENIED])(
    'search attributes that cannot be asked for (%i) are a warning that names them and the commands',
    async (code) => {
      const client = await refusing(/OperatorService/, code);
      const log = { warn: vi.fn() };
      expect(await openNamespace(client, 'rivulet', true, log)).toBe(month);
      const [[{ what }]] = log.warn.mock.calls as [[{ what: string }]];
      for (const name of ['UserId', 'EventType']) {
        expect(what).toContain(
          `temporal operator search-attribute create --namespace rivulet --name ${name} --type Keyword`,
        );
      }
      expect(log.warn).toHaveBeenCalledTimes(1);
      await client.connection.close();
    },
  );

  it("a namespace of Temporal Cloud gets Cloud's command", async () => {
    const client = await refusing(/OperatorService|DescribeNamespace/, status.UNIMPLEMENTED);
    const { retentionMs, unknown } = await provisionTemporal(client, 'production.a1b2c', false);
    expect(retentionMs).toBeUndefined();
    expect(unknown[0]).toContain('must be longer than queues.marketing_events.max_age');
    expect(unknown[1]).toContain(
      'tcld namespace search-attributes add --namespace production.a1b2c --sa "UserId=Keyword" --sa "EventType=Keyword"',
    );
    await client.connection.close();
  });

  it.each([status.UNAUTHENTICATED, status.PERMISSION_DENIED])(
    'credentials that may not use the namespace (%i) end the process at its start',
    async (code) => {
      const client = await refusing(/DescribeNamespace/, code);
      await expect(openNamespace(client, 'rivulet', true, { warn: vi.fn() })).rejects.toThrow(
        'Temporal refused these credentials for the namespace "rivulet". Check TEMPORAL_NAMESPACE',
      );
      await client.connection.close();
    },
  );
});

it('a search attribute that is missing is a fault of the server, not of the event', async () => {
  const namespace = `bare-${randomUUID().slice(0, 8)}`;
  const connection = await Connection.connect({ address: inject('servers').temporal });
  const client = new Client({ connection, namespace });
  await client.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  const key = defineSearchAttributeKey('UserId', SearchAttributeType.KEYWORD);
  const start = () =>
    client.workflow.start('receipt', {
      workflowId: randomUUID(),
      taskQueue: 'journeys',
      typedSearchAttributes: [{ key, value: 'u_1' }],
    });
  await vi.waitFor(async () => {
    const error = await start().catch((thrown: unknown) => thrown);
    expect([error, unavailableCode(error)]).toEqual([expect.anything(), 'SEARCH_ATTRIBUTE_MISSING']);
  }, 30_000);
  await connection.close();
});
