import type { PersonalPart } from '../../events/split-event.ts';
import type { Decisive } from '../consents.ts';
import type { Contact } from '../contacts.ts';
import type { Claimed, Doubt, EmailIdentity, SendRecord, Sends, SendSnapshot } from '../sends.ts';
import type { Suppression } from '../suppressions.ts';
import type { Queries } from './connect.ts';
import { statement } from './statement.ts';

const sql = {
  look: statement(import.meta.url, 'sends-look.sql'),
  claim: statement(import.meta.url, 'sends-claim.sql'),
  accept: statement(import.meta.url, 'sends-accept.sql'),
  release: statement(import.meta.url, 'sends-release.sql'),
  conclude: statement(import.meta.url, 'sends-conclude.sql'),
  unsent: statement(import.meta.url, 'sends-unsent.sql'),
  doubt: statement(import.meta.url, 'sends-doubt.sql'),
  inDoubt: statement(import.meta.url, 'sends-in-doubt.sql'),
  decide: statement(import.meta.url, 'sends-decide.sql'),
  read: statement(import.meta.url, 'sends-read.sql'),
};

interface RecordRow {
  state: SendRecord['state'];
  claim: string;
  failures: number;
  repeats: number;
  provider_id: string | null;
  detail: string | null;
  template_version: string;
  dispatched_at: number;
  age_ms: number;
}

type ContactRow = { [Field in keyof Contact]-?: string | null };

interface LookRow extends ContactRow {
  person_version: number;
  address_version: number;
  address_hashes: string[];
  suppressions: (Omit<Suppression, 'until'> & { until: number | null })[] | null;
  consents: Record<string, Decisive> | null;
  record: RecordRow | null;
  personal: PersonalPart | null;
  stopped: string | null;
}

/** The ledger in Postgres. A look is one statement, and so is each step after it. */
export function createSends(postgres: Queries): Sends {
  const accept = async (tag: string, providerId: string, reported: boolean) => {
    const [row] = await postgres.query<{ kind: 'accepted' | 'again'; dispatched_at: number | null }>(sql.accept, [
      tag,
      providerId,
      reported,
    ]);
    return row ?? ({ kind: 'no_record', dispatched_at: null } as const);
  };
  return {
    async look({ tag, user, topic, eventId, stops }) {
      const [row] = await postgres.query<LookRow>(sql.look, [tag, user, topic ?? '', eventId, stops]);
      return snapshotOf(row!, topic);
    },
    async claim(email, { id, seen, stops, over = '', possibleDuplicate }) {
      const [row] = await postgres.query<{ claimed: boolean; unchanged: boolean; stopped: string | null }>(sql.claim, [
        email.tag,
        id,
        over,
        possibleDuplicate ? 1 : 0,
        email.user,
        seen.person,
        seen.addressHashes,
        seen.address,
        stops,
        new Date(email.askedAt),
        email.messageKey,
        email.journey ?? null,
        email.template,
        email.templateVersion,
        email.topic ?? null,
      ]);
      return claimedOf(row!);
    },
    accept: async (tag, providerId) => ({ kind: (await accept(tag, providerId, false)).kind }),
    async confirm(tag, providerId) {
      const { kind, dispatched_at: dispatchedAt } = await accept(tag, providerId, true);
      return { kind, ...(dispatchedAt !== null && { dispatchedAt }) };
    },
    async release(tag, claim, { failure } = { failure: true }) {
      const [row] = await postgres.query<{ failures: number }>(sql.release, [tag, claim, failure ? 1 : 0]);
      return row?.failures ?? 0;
    },
    async conclude(tag, claim, outcome, detail, providerText) {
      return (await postgres.query(sql.conclude, [tag, claim, outcome, detail, providerText ?? null])).length > 0;
    },
    async endUnsent({ tag, user, eventId, journey, template, templateVersion, topic }, reason) {
      const about = [user, eventId, journey ?? null, template, templateVersion, topic ?? null];
      await postgres.query(sql.unsent, [tag, reason, ...about]);
    },
    async doubt({ tag, user, class: kind }, claim, why) {
      const [row] = await postgres.query<DoubtRow>(sql.doubt, [tag, user, kind, why, claim]);
      return row ? doubtOf(row) : { ageMs: 0 };
    },
    async inDoubt(limit) {
      const rows = await postgres.query<
        DoubtRow & { tag: string; message_key: string; user_id: string; class: EmailIdentity['class']; why: string }
      >(sql.inDoubt, [limit]);
      return rows.map(({ message_key: messageKey, user_id: user, tag, class: kind, why, ...row }) => ({
        ...doubtOf(row),
        tag,
        messageKey,
        user,
        class: kind,
        why,
      }));
    },
    decide: async (tag, decision) => (await postgres.query(sql.decide, [tag, decision])).length > 0,
    async about(tag) {
      const [row] = await postgres.query<RecordRow & { user_id: string; template: string; topic: string | null }>(
        sql.read,
        [tag],
      );
      if (!row) return {};
      const { user_id: user, template, topic, template_version: version } = row;
      return { user, template, version, ...(topic !== null && { topic }) };
    },
    async read(tag) {
      const [row] = await postgres.query<RecordRow>(sql.read, [tag]);
      return row && recordOf(row);
    },
  };
}

function snapshotOf(row: LookRow, topic: string | undefined): SendSnapshot {
  const { email, name, locale, time_zone, country, plan } = row;
  const fields = Object.entries({ email, name, locale, time_zone, country, plan }).filter(
    ([, value]) => value !== null,
  );
  const about = topic === undefined ? undefined : row.consents?.[topic];
  const all = row.consents?.['*'];
  return {
    record: row.record === null ? undefined : recordOf(row.record),
    contact: Object.fromEntries(fields) as Contact,
    suppressions: (row.suppressions ?? []).map(({ until, ...rest }) => ({ ...rest, ...(until !== null && { until }) })),
    consent: { ...(about && { about }), ...(all && { all }) },
    personal: row.personal ?? undefined,
    stoppedBy: row.stopped ?? undefined,
    seen: { person: row.person_version, addressHashes: row.address_hashes, address: row.address_version },
  };
}

function recordOf(row: RecordRow): SendRecord {
  return {
    state: row.state,
    claim: row.claim,
    dispatchedAt: row.dispatched_at,
    ageMs: row.age_ms,
    failures: row.failures,
    repeats: row.repeats,
    version: row.template_version,
    ...(row.provider_id && { providerId: row.provider_id }),
    ...(row.detail && { detail: row.detail }),
  };
}

function claimedOf({
  claimed,
  unchanged,
  stopped,
}: {
  claimed: boolean;
  unchanged: boolean;
  stopped: string | null;
}): Claimed {
  if (claimed) return { kind: 'claimed' };
  if (!unchanged) return { kind: 'changed' };
  return stopped === null ? { kind: 'taken' } : { kind: 'stopped', by: stopped };
}

interface DoubtRow {
  age_ms: number;
  decision: 'send' | 'give_up' | null;
}

function doubtOf({ age_ms: ageMs, decision }: DoubtRow): Doubt {
  return { ageMs, ...(decision !== null && { decision }) };
}
