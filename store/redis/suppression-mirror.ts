import type { PostgresSuppressions, SuppressionSnapshot } from '../postgres/suppressions.ts';
import { primariesOf, type Redis } from './connect.ts';
import { defineScript } from './scripts.ts';
import type { SuppressionMirror } from '../suppression-mirror.ts';
import type { Suppression, Suppressions } from '../suppressions.ts';

/** How long it is remembered that an address has no suppressions any more, in ms: longer than a late write is under way. */
const rememberLiftedMs = 60_000;

/**
 * Each suppressed address is a Redis hash under `<prefix>suppression:<keyed hash of the address>`. Its field
 * `<reason>:<scope>` is the suppression as JSON; `version` orders the writes.
 */
export function createSuppressionMirror(
  redis: Redis,
  prefix: string,
  record: Pick<PostgresSuppressions, 'all' | 'snapshots'>,
): SuppressionMirror {
  const script = defineScript<number>(redis, 'suppression-mirror.lua');
  const start = `${prefix}suppression:`;

  async function writeSnapshot({ addressHash, version, suppressions }: SuppressionSnapshot, force = false) {
    const fields = suppressions.flatMap((each) => [`${each.reason}:${each.scope}`, JSON.stringify(each)]);
    const there = await script([start + addressHash], [version, endOf(suppressions), force ? 1 : 0, ...fields]);
    return { addressHash, there };
  }

  /** A copy that is newer than a record read after it was written by an earlier life of the record. */
  async function write(addressHashes: readonly string[]): Promise<void> {
    const written = await Promise.all((await snapshotsOf(addressHashes)).map((each) => writeSnapshot(each)));
    const newer = new Map(
      written.filter(({ there }) => there >= 0).map(({ addressHash, there }) => [addressHash, there]),
    );
    if (newer.size === 0) return;
    const again = await snapshotsOf([...newer.keys()]);
    await Promise.all(again.map((each) => writeSnapshot(each, each.version < (newer.get(each.addressHash) ?? 0))));
  }

  /** An address that the record does not know has no suppressions. */
  async function snapshotsOf(addressHashes: readonly string[]): Promise<SuppressionSnapshot[]> {
    const known = await record.snapshots(addressHashes);
    const found = new Set(known.map(({ addressHash }) => addressHash));
    const missing = addressHashes.filter((addressHash) => !found.has(addressHash));
    return [...known, ...missing.map((addressHash) => ({ addressHash, version: 0, suppressions: [] }))];
  }

  async function* mirrored(): AsyncGenerator<string[]> {
    const match = `${start.replaceAll(/[[\]*?\\]/g, '\\$&')}*`;
    for (const server of primariesOf(redis)) {
      for await (const keys of server.scanStream({ match, count: 1_000 })) {
        yield (keys as string[]).map((key) => key.slice(start.length));
      }
    }
  }

  return {
    write,
    async reconcile(onPage = () => {}) {
      let written = 0;
      for await (const page of record.all()) {
        await write(page);
        written += page.length;
        onPage(written);
      }
      for await (const page of mirrored()) {
        const lifted = (await snapshotsOf(page)).filter(({ suppressions }) => suppressions.length === 0);
        await write(lifted.map(({ addressHash }) => addressHash));
        onPage(written);
      }
      return written;
    },
  };
}

/** When the last of them ends, in Unix ms; '' for never. */
function endOf(suppressions: readonly Suppression[]): number | '' {
  if (suppressions.length === 0) return Date.now() + rememberLiftedMs;
  const last = Math.max(...suppressions.map(({ until = Infinity }) => until));
  return last === Infinity ? '' : last;
}

/**
 * The same suppressions, with each change mirrored right after the record has it. A change that Redis does not take is
 * complete all the same: `onError` hears of it, and the next comparison brings it.
 */
export function withMirror(
  suppressions: Suppressions,
  mirror: Pick<SuppressionMirror, 'write'>,
  onError: (error: unknown) => void,
): Suppressions {
  const write = (addressHash: string) => mirror.write([addressHash]).catch(onError);
  return {
    ...suppressions,
    async add(addressHash, ...more) {
      const changed = await suppressions.add(addressHash, ...more);
      if (changed) await write(addressHash);
      return changed;
    },
    async lift(addressHash, ...more) {
      const lifted = await suppressions.lift(addressHash, ...more);
      if (lifted.length > 0) await write(addressHash);
      return lifted;
    },
  };
}
