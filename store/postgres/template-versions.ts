import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

import type { Notifications } from '../redis/notifications.ts';
import {
  changesNothing,
  pinning,
  publishing,
  rollingBack,
  type TemplateOutcome,
  type TemplateRule,
  type TemplateState,
  unpinning,
} from '../template-rules.ts';
import type { Act, HistoryEntry, StoredTemplate, TemplateVersions } from '../template-versions.ts';
import type { Postgres, Queries } from './connect.ts';
import { statement } from './statement.ts';

const lock = statement(import.meta.url, 'templates-lock.sql');
const read = statement(import.meta.url, 'templates-read.sql');
const store = statement(import.meta.url, 'templates-store.sql');
const point = statement(import.meta.url, 'templates-point.sql');
const mark = statement(import.meta.url, 'templates-mark.sql');
const note = statement(import.meta.url, 'templates-note.sql');
const load = statement(import.meta.url, 'templates-load.sql');
const live = statement(import.meta.url, 'templates-live.sql');
const history = statement(import.meta.url, 'templates-history.sql');
const recordFacts = statement(import.meta.url, 'facts-record.sql');

/** What an act is about. `template` is what is handed in to be stored. */
interface About {
  name: string;
  version: string;
  act: Act;
  template?: StoredTemplate;
}

/** The published templates of the installation. */
export function createTemplateVersions(postgres: Postgres, notifications: Notifications): TemplateVersions {
  async function change<Result>(about: About, rule: TemplateRule<Result>): Promise<Result> {
    // Most publishes change nothing: a deploy publishes every template, an `npm start` all of them at each save.
    const seen = rule(await readState(postgres, about));
    if (changesNothing(seen)) return seen.result;
    const outcome = await postgres.transaction(async (queries) => {
      await queries.query(lock, [about.name]);
      const state = await readState(queries, about);
      const decided = rule(state);
      await write(queries, about, state, decided);
      return decided;
    });
    if (outcome.live !== undefined) await notifications.publish('templates');
    return outcome.result;
  }
  const versions = async (which: 'live' | 'pinned') => {
    const rows = await postgres.query<{ name: string; live: string; pinned: string | null }>(live);
    return new Map(rows.flatMap((row) => (row[which] === null ? [] : [[row.name, row[which]]])));
  };

  return {
    publish(template, act, how = {}) {
      const { name, version } = template;
      return change({ name, version, act, template }, publishing(version, how));
    },
    async load(name, version) {
      const [row] = await postgres.query<{ body: Buffer }>(load, [name, version]);
      return row && unpacked(row.body);
    },
    live: () => versions('live'),
    pinned: () => versions('pinned'),
    history: (name) => postgres.query<HistoryEntry>(history, [name]),
    rollback: (name, version, act) => change({ name, version, act }, rollingBack(version)),
    pin: (name, version, act) => change({ name, version, act }, pinning(version)),
    unpin: (name, act) => change({ name, version: '', act }, unpinning()),
    onChange: (changed) => notifications.subscribe('templates', changed),
  };
}

interface StateRow {
  live: string | null;
  pinned: string | null;
  published: boolean;
  taken_back: string[];
  acts: TemplateState['acts'];
}

async function readState(queries: Queries, { name, version }: About): Promise<TemplateState> {
  const [row] = await queries.query<StateRow>(read, [name, version]);
  if (!row) throw new Error('Postgres returned no row for a template');
  return {
    ...(row.live !== null && { live: row.live }),
    ...(row.pinned !== null && { pinned: row.pinned }),
    published: row.published,
    takenBack: new Set(row.taken_back),
    acts: row.acts,
  };
}

async function write(
  queries: Queries,
  { name, version, act, template }: About,
  before: TemplateState,
  { store: isNew, live: nowLive, pinned, takeBack, bringBack, entry }: TemplateOutcome<unknown>,
): Promise<void> {
  if (isNew && template) await queries.query(store, [name, version, packed(template)]);
  if (bringBack !== undefined) await queries.query(mark, [name, bringBack, false]);
  if (takeBack !== undefined) await queries.query(mark, [name, takeBack, true]);
  if (nowLive !== undefined) {
    await queries.query(point, [name, nowLive, pinned === undefined ? (before.pinned ?? null) : pinned]);
  }
  if (entry) await record(queries, name, entry, act);
}

async function record(
  queries: Queries,
  name: string,
  entry: NonNullable<TemplateOutcome<unknown>['entry']>,
  { author, message }: Act,
): Promise<void> {
  const values = [name, entry.action, entry.version, entry.live, author, message];
  const [noted] = await queries.query<{ id: number; at: number }>(note, values);
  const fact = {
    id: `template/${noted?.id}`,
    at: noted?.at,
    what: factOf[entry.action],
    template: name,
    template_version: entry.version,
    details: { live: entry.live },
  };
  await queries.query(recordFacts, [JSON.stringify([fact])]);
}

const factOf: Record<HistoryEntry['action'], string> = {
  publish: 'template_published',
  rollback: 'template_rolled_back',
  pin: 'template_pinned',
  unpin: 'template_unpinned',
};

/** Most of an email is what every email has: this makes a tenth of it. */
function packed(template: StoredTemplate): Buffer {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 6 };
  return brotliCompressSync(JSON.stringify(template), { params });
}

function unpacked(bytes: Buffer): StoredTemplate {
  return JSON.parse(String(brotliDecompressSync(bytes))) as StoredTemplate;
}
