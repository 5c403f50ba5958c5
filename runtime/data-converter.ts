import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Client } from '@temporalio/client';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

import { StartError } from './stop-signal.ts';

const variable = 'RIVULET_DATA_CONVERTER';

/**
 * Returns the installation's data converter from the module at `path`: it encrypts or compresses what is stored in Temporal. Undefined
 * without a path. Throws a StartError that says what is wrong with the module.
 */
export async function loadDataConverter(path: string | undefined): Promise<DataConverter | undefined> {
  if (path === undefined) return undefined;
  const file = resolve(path);
  const { dataConverter } = await importModule(file);
  if (typeof dataConverter !== 'object' || dataConverter === null) {
    throw new StartError(`environment ${variable}: ${file} has no export "dataConverter"`);
  }
  const { payloadCodecs = [] } = dataConverter as DataConverter;
  const isCodec = ({ encode, decode }: { encode?: unknown; decode?: unknown }) =>
    typeof encode === 'function' && typeof decode === 'function';
  if (!Array.isArray(payloadCodecs) || !payloadCodecs.every(isCodec)) {
    throw new StartError(
      `environment ${variable}: payloadCodecs of ${file} must be a list of objects with encode and decode`,
    );
  }
  return dataConverter;
}

async function importModule(file: string): Promise<{ dataConverter?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { dataConverter?: unknown };
  } catch (error) {
    throw new StartError(
      `environment ${variable}: ${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Returns the history of a run, with every payload decoded by the client's codecs. Throws what `fetchHistory` throws. */
export async function fetchHistory(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<temporal.api.history.v1.IHistory> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  return decoded(history, client.options.loadedDataConverter.payloadCodecs);
}

async function decoded<T>(message: T, codecs: readonly PayloadCodec[]): Promise<T> {
  if (codecs.length === 0) return message;
  const decodeOne = async (payload: Payload) => {
    let payloads = [payload];
    for (const codec of codecs.toReversed()) payloads = await codec.decode(payloads);
    return payloads[0];
  };
  const walk = async (value: unknown): Promise<unknown> => {
    if (Array.isArray(value)) return Promise.all(value.map(walk));
    if (!isMessage(value)) return value;
    if (isPayload(value)) return decodeOne(value);
    const fields = Object.entries(value).map(async ([name, field]) => {
      const readByServer = name === 'searchAttributes'; // never encoded
      return [name, readByServer ? field : await walk(field)] as const;
    });
    const copy = Object.create(Object.getPrototypeOf(value) as object) as object;
    return Object.assign(copy, Object.fromEntries(await Promise.all(fields)));
  };
  return (await walk(message)) as T;
}

/** Not text, a number, bytes, or a 64-bit integer. */
function isMessage(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !('unsigned' in value);
}

function isPayload(value: object): value is Payload {
  return 'metadata' in value && 'data' in value && ArrayBuffer.isView((value as Payload).data);
}
