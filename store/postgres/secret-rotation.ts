import { createAddressHashes } from '../address-hash.ts';
import { secretCheck } from '../secret.ts';
import type { Postgres, Queries } from './connect.ts';
import { statement } from './statement.ts';

const named = (file: string) => statement(import.meta.url, `secret-rotation-${file}.sql`);
const begin = named('begin');
const cursor = named('cursor');
const people = named('people');
const moveSuppressions = named('move-suppressions');
const movePeople = named('move-people');
/** In the order in which they run. What is known under both hashes is merged before the rest is moved. */
const merges = [named('merge-suppressions'), named('merge-lifts'), named('merge-addresses')];
const moves = [
  named('move-confirmations'),
  named('move-requests'),
  named('move-lifts'),
  named('move-addresses'),
  named('move-facts'),
];
const advance = named('advance');
const complete = named('complete');
const strangers = named('strangers');
const size = named('size');
const recordFacts = statement(import.meta.url, 'facts-record.sql');

export interface Rotated {
  /** People whose hash was another until now. */
  people: number;
  suppressions: number;
  /** Suppressed addresses that no known person has: they are found while the previous secret is known, and no longer. */
  strangers: number;
}

/** Both secrets of a rotation: `previous` is the installation's, `secret` becomes it. */
export interface RotationSecrets {
  secret: string;
  previous: string;
}

/** People in one transaction: small, so that it holds up nobody for long. */
const batchSize = 200;

/**
 * Moves everything that is known by the hash of an address from the hash under the previous secret to the one under the new:
 * person by person, in batches of which each is one transaction. May be repeated; after a crash it continues where it
 * stopped. Undefined, and nothing is changed, when the installation's secret is neither of the two or another rotation is
 * under way.
 */
export async function rotateSecret(
  postgres: Postgres,
  secrets: RotationSecrets,
  progress: (people: number) => void = () => {},
): Promise<Rotated | undefined> {
  const checks = [secretCheck(secrets.secret), secretCheck(secrets.previous)];
  if ((await postgres.query(begin, checks)).length === 0) return undefined;
  const { hashes } = createAddressHashes(secrets);
  const done = { people: 0, suppressions: 0 };
  for (let batch: Batch | undefined; (batch = await rotateBatch(postgres, checks, hashes));) {
    done.people += batch.people;
    done.suppressions += batch.suppressions;
    progress(done.people);
  }
  const [left] = await postgres.query<{ addresses: number }>(strangers);
  return { ...done, strangers: left?.addresses ?? 0 };
}

/** How many people a rotation has to go through. */
export async function rotationSize(postgres: Queries): Promise<number> {
  return (await postgres.query<{ people: number }>(size))[0]?.people ?? 0;
}

type Batch = Pick<Rotated, 'people' | 'suppressions'>;

/** Moves the next people; undefined when the rotation is complete. */
async function rotateBatch(
  postgres: Postgres,
  checks: string[],
  hashes: (address: string) => [string, ...string[]],
): Promise<Batch | undefined> {
  return unlessContended(() =>
    postgres.transaction(async (queries) => {
      const [at] = await queries.query<{ rotated_to: string | null }>(cursor, checks);
      if (!at || at.rotated_to === null) return undefined; // complete, perhaps by another operator
      const next = await queries.query<{ user_id: string; email: string }>(people, [at.rotated_to, batchSize]);
      const last = next.at(-1);
      if (!last) return end(queries, checks);
      const batch = await move(queries, new Map(next.map(({ email }) => hashes(email) as [string, string])));
      await queries.query(advance, [last.user_id]);
      return batch;
    }),
  );
}

/** `pairs`: new hashes, each with the one before. */
async function move(queries: Queries, pairs: ReadonlyMap<string, string>): Promise<Batch> {
  const values = [[...pairs.values()], [...pairs.keys()]];
  for (const merge of merges) await queries.query(merge, values);
  const suppressions = await queries.query(moveSuppressions, values);
  for (const each of moves) await queries.query(each, values);
  return { suppressions: suppressions.length, people: (await queries.query(movePeople, values)).length };
}

async function end(queries: Queries, [check = '']: string[]): Promise<undefined> {
  const [row] = await queries.query<{ rotated_at: number }>(complete);
  const at = row?.rotated_at ?? 0;
  await queries.query(recordFacts, [JSON.stringify([{ id: `secret/${check}/${at}`, at, what: 'secret_rotated' }])]);
}

/** A batch that meets another writer in the wrong order, or one that records the same suppression, is done again. */
const contended = new Set(['40P01', '40001', '23505']);

async function unlessContended<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts >= 10 || !contended.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
}
