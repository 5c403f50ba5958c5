import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';

import type { Logger } from './log.ts';
import { renewable } from './renewable-connection.ts';
import { serverAddress } from './server-address.ts';
import { StartError } from './stop-signal.ts';
import { type TemporalOptions, temporalConnectOptions, type TemporalSettings } from './temporal-options.ts';
import { untilAvailable } from './until-available.ts';
import { watchCredentials } from './watch-credentials.ts';
import { whyTlsFails } from './why-refused.ts';

/** Search attributes of every run: find all journeys of a person, or of a type of event. */
export const searchAttributes = ['UserId', 'EventType'] as const;

const retentionDays = 30;

/** gRPC: invalid argument, already exists, permission denied, failed precondition, unimplemented. */
const refusals = new Set([3, 6, 7, 9, 12]);

/** By default gRPC waits up to two minutes before it retries a server that was unavailable. */
const reconnectSoon = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 };

/** One attempt to connect may take so long, in ms. */
const connectMs = 3_000;

/**
 * Connects, waiting until Temporal answers. Throws a StartError when it refuses these credentials, or when TLS
 * cannot work as it is configured. Once connected, renewed certificates and keys are picked up.
 */
export async function connectTemporal(
  settings: TemporalSettings,
  log: Pick<Logger, 'info' | 'warn'>,
  renewalMs?: number,
): Promise<Client> {
  const first = await untilAvailable('temporal', () => openConnection(temporalConnectOptions(settings)), log);
  const connection = renewable(first);
  const renew = async (options: TemporalOptions) => connection.replace(await openConnection(options));
  const watch = watchCredentials(settings, renew, log, renewalMs);
  const { close } = connection;
  connection.close = async () => {
    watch.stop();
    await close();
  };
  const { namespace, dataConverter } = settings;
  return new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
}

/** One attempt. Rejects with a StartError when the answer is a refusal. */
export async function openConnection(options: TemporalOptions): Promise<Connection> {
  try {
    return await Connection.connect({ ...options, connectTimeout: connectMs, channelArgs: reconnectSoon });
  } catch (error) {
    const refusal = await refusalOf(error, options);
    if (refusal !== undefined) throw refusal;
    const where = serverAddress(options.address, 'TEMPORAL_ADDRESS');
    throw new Error(`Temporal does not answer at ${where}. Check TEMPORAL_ADDRESS.`, { cause: error });
  }
}

/** Returns a message for a refusal; undefined if Temporal is only unavailable. */
export async function refusalOf(error: unknown, options: TemporalOptions): Promise<StartError | undefined> {
  const where = `Temporal at ${serverAddress(options.address, 'TEMPORAL_ADDRESS')}`;
  if (isForbidden(error)) {
    const how = options.apiKey ? 'TEMPORAL_API_KEY' : 'the client certificate, or TEMPORAL_API_KEY';
    return new StartError(`${where} refused these credentials. Check ${how} and TEMPORAL_NAMESPACE.`);
  }
  const why = await whyTlsFails(options);
  return why === undefined ? undefined : new StartError(`${where} cannot be used: ${why}.`);
}

/** gRPC: permission denied, unauthenticated; anywhere in the chain of causes. */
function isForbidden(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ([7, 16].includes((at as { code?: unknown }).code as number)) return true;
  }
  return false;
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

/** The same as `provisionTemporal`, waiting as long as it takes while Temporal is unavailable. What cannot be asked is logged. */
export async function openNamespace(
  client: Client,
  namespace: string,
  provision: boolean,
  log: Pick<Logger, 'warn'>,
): Promise<number | undefined> {
  const open = () =>
    client.withDeadline(Date.now() + provisionWithinMs, () => provisionTemporal(client, namespace, provision));
  const { retentionMs, unknown } = await untilAvailable('temporal', open, log);
  for (const what of unknown) log.warn({ what }, 'temporal.not_verified');
  return retentionMs;
}

export interface Provisioned {
  /** The retention of the namespace in ms; undefined when this process may not ask for it. */
  retentionMs: number | undefined;
  /** What could not be verified, in words, each with what to do. */
  unknown: readonly string[];
}

/**
 * Creates the namespace and the search attributes where that is allowed. Throws a StartError that names what is missing. What cannot
 * be queried, such as search attributes in Temporal Cloud, which has no OperatorService, does not count as missing.
 */
export async function provisionTemporal(client: Client, namespace: string, provision: boolean): Promise<Provisioned> {
  const retentionMs = await ensureNamespace(client, namespace, provision).catch((error: unknown) => {
    if (!isForbidden(error)) return undefinedIfUnknown(error);
    const check = 'Check TEMPORAL_NAMESPACE, and what the API key or client certificate is allowed to do there.';
    throw new StartError(`Temporal refused these credentials for the namespace "${namespace}". ${check}`);
  });
  const unknown: string[] = [];
  if (retentionMs === undefined) {
    unknown.push(
      `The retention of the namespace "${namespace}" cannot be read. It must be longer than queues.marketing_events.max_age: ${retentionDays} days is enough.`,
    );
  }
  const known = await ensureSearchAttributes(client, namespace, provision).then(() => true, undefinedIfUnknown);
  if (!known) {
    unknown.push(
      `This server does not say which search attributes the namespace "${namespace}" has. It needs ${searchAttributes.join(' and ')}. Where they are missing, run:\n  ${commandsFor(searchAttributes, namespace).join('\n  ')}`,
    );
  }
  return { retentionMs, unknown };
}

/** gRPC: permission denied, unimplemented: the question itself is not allowed here. */
function undefinedIfUnknown(error: unknown): undefined {
  const { code } = error as { code?: unknown };
  if (code !== 7 && code !== 12) throw error;
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
  const { operatorService } = client.connection;
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
  return new StartError(
    `Temporal lacks the search attributes ${names.join(', ')}, and this process may not create them. Run:\n  ${commandsFor(names, namespace).join('\n  ')}`,
  );
}

/** Temporal Cloud has a command of its own. */
function commandsFor(names: readonly string[], namespace: string): string[] {
  return isCloud(namespace)
    ? [
        `tcld namespace search-attributes add --namespace ${namespace} ${names.map((name) => `--sa "${name}=Keyword"`).join(' ')}`,
      ]
    : names.map(
        (name) => `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`,
      );
}

/** Namespaces of Temporal Cloud end with the account: `production.a1b2c`. */
function isCloud(namespace: string): boolean {
  return /^[a-z0-9-]+\.[a-z0-9]{5}$/.test(namespace);
}
