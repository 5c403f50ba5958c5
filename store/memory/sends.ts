import { contactFields, contactOf } from '../contacts.ts';
import { everyTopic, heldAt } from '../consents.ts';
import type { Facts } from '../facts.ts';
import type { Doubt, DoubtDecision, DoubtfulEmail, EmailIdentity, SendRecord, Sends } from '../sends.ts';
import type { EventTable } from './events.ts';
import type { MemoryRecord } from './record.ts';
import { suppressionOf } from './suppressions.ts';

/** A row of the ledger. */
interface Row extends Omit<SendRecord, 'ageMs'> {
  email: EmailIdentity;
  /** The feed has reported it. */
  reported: boolean;
}

interface DoubtRow extends Omit<DoubtfulEmail, 'ageMs'> {
  since: number;
}

/** What the ledger reads beside its own rows, where the one in Postgres reads other tables. */
export interface SendSurroundings {
  record: MemoryRecord;
  events: Pick<EventTable, 'get'>;
  /** Names of gates and pauses. */
  stops: { has(name: string): boolean };
  facts: Pick<Facts, 'record'>;
}

/** The ledger of this process. Each step is taken without waiting, so that no other comes between. */
export function createSends({ record, events, stops, facts }: SendSurroundings): Sends {
  const rows = new Map<string, Row>();
  const doubts = new Map<string, DoubtRow>();
  const { now } = record;

  const personVersion = (user: string) => record.people.get(user)?.version ?? 0;
  const addressVersion = (hashes: readonly string[]) =>
    hashes.reduce((sum, hash) => sum + (record.addresses.get(hash)?.version ?? 0), 0);
  const firstOf = (names: readonly string[]) => names.find((name) => stops.has(name));

  async function accept(tag: string, providerId: string, reported: boolean) {
    const row = rows.get(tag);
    if (!row) return { kind: 'no_record' } as const;
    const { state, providerId: known = '', reported: reportedBefore } = row;
    const isNews = state !== 'accepted' || known === '' || (reported && !reportedBefore);
    const after: Row = {
      ...row,
      state: 'accepted',
      reported: reported || reportedBefore,
      providerId: known || providerId,
    };
    if (isNews) rows.set(tag, after);
    doubts.delete(tag);
    if (state !== 'accepted') {
      const { repeats } = row;
      const details = { ...(after.providerId && { provider_id: after.providerId }), ...(repeats > 0 && { repeats }) };
      await facts.record([{ ...about(row), id: `sent/${tag}`, at: now(), what: 'sent', details }]);
    }
    const isSecond = state === 'accepted' && known !== '' && providerId !== '' && providerId !== known;
    return { kind: isSecond ? 'again' : 'accepted', ...(isNews && { dispatchedAt: row.dispatchedAt }) } as const;
  }

  return {
    async look({ tag, user, topic, eventId, stops: names }) {
      const person = record.people.get(user);
      const contact = contactOf(contactFields.map((field) => person?.contact[field]));
      const hashes = person?.addressHash === undefined ? [] : [person.addressHash];
      const suppressions = hashes.flatMap((hash) => record.addresses.get(hash)?.suppressions ?? []);
      const row = rows.get(tag);
      const personal = events.get(eventId)?.personal;
      const [said, saidOfAll] = [
        topic === undefined ? undefined : person?.consents.get(topic),
        person?.consents.get(everyTopic),
      ].map((each) => each && heldAt(each, hashes));
      return {
        record: row && recordOf(row, now()),
        contact,
        suppressions: suppressions.filter(({ until = Infinity }) => until > now()).map(suppressionOf),
        consent: { ...(said && { about: stateOf(said) }), ...(saidOfAll && { all: stateOf(saidOfAll) }) },
        personal,
        stoppedBy: firstOf(names),
        seen: { person: personVersion(user), addressHashes: hashes, address: addressVersion(hashes) },
      };
    },

    async claim(email, { id, seen, stops: names, over, possibleDuplicate }) {
      const unchanged =
        personVersion(email.user) === seen.person && addressVersion(seen.addressHashes) === seen.address;
      if (!unchanged) return { kind: 'changed' };
      const by = firstOf(names);
      if (by !== undefined) return { kind: 'stopped', by };

      const row = rows.get(email.tag);
      const claimed = { state: 'claimed', claim: id, dispatchedAt: now(), version: email.templateVersion } as const;
      if (over === undefined && !row) {
        rows.set(email.tag, { ...claimed, email, failures: 0, repeats: 0, reported: false });
        return { kind: 'claimed' };
      }
      const mine =
        row && (over === undefined ? row.state === 'released' : row.state === 'claimed' && row.claim === over);
      if (!mine) return { kind: 'taken' };
      doubts.delete(email.tag);
      rows.set(email.tag, { ...row, ...claimed, repeats: row.repeats + (possibleDuplicate ? 1 : 0) });
      return { kind: 'claimed' };
    },

    accept: async (tag, providerId) => ({ kind: (await accept(tag, providerId, false)).kind }),
    confirm: (tag, providerId) => accept(tag, providerId, true),

    async release(tag, claim, { failure } = { failure: true }) {
      const row = rows.get(tag);
      if (row?.state !== 'claimed' || row.claim !== claim) return 0;
      const failures = row.failures + (failure ? 1 : 0);
      rows.set(tag, { ...row, state: 'released', failures });
      doubts.delete(tag);
      return failures;
    },

    async conclude(tag, claim, outcome, detail, providerText) {
      const row = rows.get(tag);
      if (row?.state !== 'claimed' || row.claim !== claim) return false;
      doubts.delete(tag);
      rows.set(tag, { ...row, state: outcome, detail });
      const details = { detail, ...(providerText !== undefined && { personal: { provider_text: providerText } }) };
      await facts.record([{ ...about(row), id: `${outcome}/${tag}`, at: now(), what: outcome, details }]);
      return true;
    },

    async endUnsent(email, reason) {
      const { tag, eventId: event_id, templateVersion: version } = email;
      const id = `not_sent/${tag}/${reason}`;
      await facts.record([
        { ...about({ email, version }), id, at: now(), what: 'not_sent', event_id, details: { reason } },
      ]);
    },

    async doubt({ tag, messageKey, user, class: kind }, claim, why) {
      const row = rows.get(tag);
      if (row?.state !== 'claimed' || row.claim !== claim) return { ageMs: 0 };
      const known = doubts.get(tag) ?? { tag, messageKey, user, class: kind, why, since: now() };
      doubts.set(tag, known);
      const fact = { id: `in_doubt/${tag}/${claim}`, at: now(), what: 'in_doubt', user_id: user, tag } as const;
      await facts.record([{ ...fact, details: { why } }]);
      return doubtOf(known, now());
    },

    inDoubt: async (limit) =>
      [...doubts.values()]
        .toSorted((one, other) => one.since - other.since)
        .slice(0, limit)
        .map(({ tag, messageKey, user, class: kind, why, ...row }) => ({
          tag,
          messageKey,
          user,
          class: kind,
          why,
          ...doubtOf(row, now()),
        })),

    async decide(tag, decision) {
      const row = doubts.get(tag);
      if (!row) return false;
      doubts.set(tag, { ...row, decision });
      const fact = {
        id: `doubt_decided/${tag}/${decision}`,
        at: now(),
        what: 'doubt_decided',
        user_id: row.user,
        tag,
      } as const;
      await facts.record([{ ...fact, details: { decision } }]);
      return true;
    },

    async about(tag) {
      const row = rows.get(tag);
      if (!row) return {};
      const { email, version } = row;
      const { user, template, topic } = email;
      return { user, template, version, ...(topic !== undefined && { topic }) };
    },

    async read(tag) {
      const row = rows.get(tag);
      return row && recordOf(row, now());
    },
  };
}

function recordOf(row: Row, now: number): SendRecord {
  const { email: _, reported: __, providerId, ...rest } = row;
  return { ...rest, ...(providerId && { providerId }), ageMs: now - row.dispatchedAt };
}

function doubtOf({ since, decision }: { since: number; decision?: DoubtDecision }, now: number): Doubt {
  return { ageMs: Math.max(0, now - since), ...(decision !== undefined && { decision }) };
}

function stateOf<State>({ state, captured_at }: { state: State; captured_at: number }) {
  return { state, captured_at };
}

/** Of a fact about an email. */
function about({ email, version }: Pick<Row, 'email' | 'version'>) {
  const { user: user_id, tag, journey, template, topic } = email;
  return {
    user_id,
    tag,
    ...(journey !== undefined && { journey }),
    template,
    template_version: version,
    ...(topic !== undefined && { topic }),
  };
}
