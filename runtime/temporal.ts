import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';

import type { Logger } from './log.ts';
import { StartError } from './stop-signal.ts';
import { untilAvailable } from './until-available.ts';

/** Search attributes of every run: find all journeys of a person, or of a type of event. */
export const searchAttributes = ['UserId', 'EventType'] as const;

const retentionDays = 30;

/** gRPC: invalid argument, already exists, permission denied, failed precondition, unimplemented. */
const refusals = new Set([3, 6, 7, 9, 12]);

/** gRPC would wait up to two minutes before it looks for a server again that was away. */
const reconnectSoon = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 };

export interface TemporalSettings {
  address: string;
  namespace: string;
}

/** Address, TLS and API key from Temporal's own variables; TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE win. */
export function temporalConnectOptions(settings: TemporalSettings) {
  return { ...loadClientConnectConfig().connectionOptions, address: settings.address };
}

/** Connects, waiting as long as it takes until Temporal answers. */
export function connectTemporal(settings: TemporalSettings, log: Pick<Logger, 'warn'>): Promise<Client> {
  const options = temporalConnectOptions(settings);
  const connect = async () => {
    const connection = await Connection.connect({ ...options, connectTimeout: 3_000, channelArgs: reconnectSoon });
    return new Client({ connection, namespace: settings.namespace });
  };
  return untilAvailable('temporal', connect, log);
}

/** Asks for a run to be cancelled, with a reason that its history shows. False when no such run is running. */
export async function cancelRun(client: Client, workflowId: string, reason: string): Promise<boolean> {
  const { namespace, identity } = client.options;
  try {
    await client.withDeadline(Date.now() + 4_000, () =>
      client.workflowService.requestCancelWorkflowExecution({
        namespace,
        workflowExecution: { workflowId },
        identity,
        requestId: `${reason}:${workflowId}`,
        reason,
      }),
    );
    return true;
  } catch (error) {
    if ((error as { code?: number }).code === 5 /* not found, or ended */) return false;
    throw error;
  }
}

/** Whether Temporal answered that this is not possible here, as without the permission. */
function isRefused(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' && refusals.has(code);
}

/** How long one attempt to provision may take, in ms. */
const provisionWithinMs = 10_000;

/** The same as `provisionTemporal`, waiting as long as it takes while Temporal is unavailable. */
export function openNamespace(
  client: Client,
  namespace: string,
  provision: boolean,
  log: Pick<Logger, 'warn'>,
): Promise<number> {
  const open = () =>
    client.withDeadline(Date.now() + provisionWithinMs, () => provisionTemporal(client, namespace, provision));
  return untilAvailable('temporal', open, log);
}

/**
 * Makes the namespace and the search attributes where that is allowed, and gives back the namespace's retention in
 * milliseconds. Where it is not allowed, the error names what is missing.
 */
export async function provisionTemporal(client: Client, namespace: string, provision: boolean): Promise<number> {
  const retention = await ensureNamespace(client, namespace, provision);
  await ensureSearchAttributes(client, namespace, provision);
  return retention;
}

async function ensureNamespace(client: Client, namespace: string, provision: boolean): Promise<number> {
  const wanted = msToTs(`${retentionDays} days`);
  const found = await describeNamespace(client, namespace);
  if (found === undefined) {
    if (!provision)
      throw new StartError(
        `Temporal has no namespace "${namespace}". Create it with a retention of ${retentionDays} days.`,
      );
    try {
      await client.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: wanted });
    } catch (error) {
      if ((error as { code?: number }).code !== 6 /* already exists: another process was faster */) throw error;
    }
    return retentionDays * 86_400_000;
  }
  if (provision && found < retentionDays * 86_400_000) {
    try {
      await client.workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl: wanted } });
      return retentionDays * 86_400_000;
    } catch (error) {
      if (!isRefused(error)) throw error;
      return found; // not allowed to: the retention stays as its owner set it, and the check against max_age decides
    }
  }
  return found;
}

/** The namespace's retention in ms; undefined when there is no such namespace. */
async function describeNamespace(client: Client, namespace: string): Promise<number | undefined> {
  try {
    const { config } = await client.workflowService.describeNamespace({ namespace });
    return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000;
  } catch (error) {
    if ((error as { code?: number }).code === 5 /* not found */) return undefined;
    throw error;
  }
}

async function ensureSearchAttributes(client: Client, namespace: string, provision: boolean): Promise<void> {
  const { operatorService } = client.connection as Connection;
  const missing = async () => {
    const { customAttributes } = await onceKnown(() => operatorService.listSearchAttributes({ namespace }));
    return searchAttributes.filter((name) => !(name in (customAttributes ?? {})));
  };
  let names = await missing();
  if (names.length > 0 && provision) {
    const keyword = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
    try {
      await operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(names.map((name) => [name, keyword])),
      });
    } catch (error) {
      if (!isRefused(error)) throw error;
      if ((error as { code?: number }).code !== 6) throw missingAttributes(names, namespace);
    }
    names = await missing();
  }
  if (names.length > 0) throw missingAttributes(names, namespace);
}

/** A namespace made a moment ago is not yet known to every part of Temporal: asks again for half a minute. */
async function onceKnown<T>(ask: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + 30_000; ; await sleep(500)) {
    try {
      return await ask();
    } catch (error) {
      if ((error as { code?: number }).code !== 5 /* not found */ || Date.now() > deadline) throw error;
    }
  }
}

function missingAttributes(names: readonly string[], namespace: string): StartError {
  const commands = names.map(
    (name) => `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`,
  );
  return new StartError(
    `Temporal lacks the search attributes ${names.join(', ')}, and this process may not create them. Run:\n  ${commands.join('\n  ')}`,
  );
}
