import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { createMemoryStore } from '../../store/memory/store.ts';
import { createConsents } from '../../store/postgres/consents.ts';
import { createContacts } from '../../store/postgres/contacts.ts';
import { createEvents } from '../../store/postgres/events.ts';
import { createFacts } from '../../store/postgres/facts.ts';
import { createSends } from '../../store/postgres/sends.ts';
import { createStops } from '../../store/postgres/stops.ts';
import { createSuppressions } from '../../store/postgres/suppressions.ts';
import type { EmailIdentity, SendSnapshot } from '../../store/sends.ts';
import type { Store } from '../../store/store.ts';
import { ownDatabase } from '../support/database.ts';

const database = ownDatabase();

/** The ledger, and the stores whose changes it reads. */
type Stores = Pick<Store, 'sends' | 'contacts' | 'consents' | 'suppressions' | 'events' | 'stops' | 'facts'>;

const addressHash = (address: string) => `hash of ${address}`;
const hashes = (address: string): [string] => [addressHash(address)];
const postgresStores = (): Stores => ({
  sends: createSends(database.postgres),
  contacts: createContacts(database.postgres, { hashes }),
  consents: createConsents(database.postgres),
  suppressions: createSuppressions(database.postgres),
  events: createEvents(database.postgres),
  stops: createStops(database.postgres),
  facts: createFacts(database.postgres),
});
const implementations: [string, () => Stores][] = [
  ['in Postgres', postgresStores],
  ['in process', () => createMemoryStore({ now: Date.now, addressHash })],
];

interface Scene extends Stores {
  email: EmailIdentity;
  hash: string;
}

/** An email to a person of its own, who has an address and agreed to `offers`. */
async function anEmail(stores: Stores, change: Partial<EmailIdentity> = {}): Promise<Scene> {
  const user = `u_${randomUUID()}`;
  const address = `${user}@example.com`;
  const email: EmailIdentity = {
    tag: randomUUID(),
    messageKey: `${user}/reminder`,
    eventId: randomUUID(),
    user,
    journey: 'cart-recovery',
    template: 'reminder',
    templateVersion: 'v1',
    topic: 'offers',
    class: 'marketing',
    askedAt: Date.now(),
    stops: [],
    ...change,
  };
  const at = Date.now() - 1_000;
  await stores.contacts.record(user, { email: address }, at);
  await stores.consents.record(user, { id: 'sign-up', state: 'granted', consent: { topics: ['offers'] }, at });
  return { ...stores, email, hash: addressHash(address) };
}

const claimAs = (id: string, { seen }: Pick<SendSnapshot, 'seen'>, stops: string[] = []) => ({ id, seen, stops });

/** What happened to an email, in the order of the alphabet. */
async function factsOf({ facts, email: { user, tag } }: Pick<Scene, 'facts' | 'email'>): Promise<string[]> {
  const all = await facts.of({ user_id: user }, { limit: 100 });
  return all
    .filter((fact) => fact.tag === tag)
    .map(({ what }) => what)
    .toSorted();
}

const movesHouse = ({ contacts, email: { user } }: Scene) => contacts.record(user, { country: 'FR' }, Date.now());
const optOut = (topics: string[]) => ({ id: 'link', state: 'revoked', consent: { topics }, at: Date.now() }) as const;
const dayMs = 86_400_000;
const complaint = { reason: 'complaint', scope: 'all', source: 'feedback' } as const;

describe.each(implementations)('%s', (_, stores) => {
  describe('a look', () => {
    it('sees the person, their consents and suppressions, the record, and the personal fields of the event at once', async () => {
      const { sends, suppressions, events, email, hash } = await anEmail(stores());
      await suppressions.add(hash, { ...complaint, since: Date.now() });
      const event = {
        event_id: email.eventId,
        event_type: 'project.created',
        user_id: email.user,
        timestamp: Date.now(),
        payload: { project_id: 'p_1' },
      } as const;
      await events.record({
        event,
        personal: { payload: { url: 'https://shop.example.com' } },
        receivedAt: Date.now(),
      });
      const snapshot = await sends.look(email);
      expect(snapshot).toMatchObject({
        record: undefined,
        contact: { email: `${email.user}@example.com` },
        suppressions: [{ reason: 'complaint', scope: 'all', source: 'feedback', since: expect.any(Number) }],
        consent: { about: { state: 'granted', captured_at: expect.any(Number) } },
        personal: { payload: { url: 'https://shop.example.com' } },
      });
      expect(snapshot.contact).not.toHaveProperty('country');
    });

    it('says which of its stops is set first', async () => {
      const { sends, stops, email } = await anEmail(stores());
      const [one, other] = [`journey:${randomUUID()}`, `topic:${randomUUID()}`] as const;
      const look = () => sends.look({ ...email, stops: ['pause/all', `pause/${one}`, `pause/${other}`] });
      expect((await look()).stoppedBy).toBeUndefined();
      await stops.pause(other);
      await stops.pause(one);
      expect((await look()).stoppedBy).toBe(`pause/${one}`);
    });

    it('of a person whom nobody has recorded finds nothing, and a claim on it holds until somebody records them', async () => {
      const { sends, contacts, email } = await anEmail(stores());
      const stranger = { ...email, user: `u_${randomUUID()}` };
      const snapshot = await sends.look(stranger);
      expect(snapshot).toMatchObject({ contact: {}, suppressions: [], consent: {}, seen: { person: 0, address: 0 } });
      await contacts.record(stranger.user, { name: 'Grace' }, Date.now());
      expect(await sends.claim(stranger, claimAs('a', snapshot))).toEqual({ kind: 'changed' });
    });

    it('does not see suppressions that have ended', async () => {
      const { sends, suppressions, email, hash } = await anEmail(stores());
      const [since, until] = [Date.now() - 2 * dayMs, Date.now() - dayMs];
      await suppressions.add(hash, { ...complaint, reason: 'soft_bounces', since, until });
      expect(await suppressions.of(hash)).toHaveLength(1);
      expect((await sends.look(email)).suppressions).toEqual([]);
    });
  });

  describe('a claim', () => {
    it('is had by one of several attempts', async () => {
      const { sends, email } = await anEmail(stores());
      const snapshot = await sends.look(email);
      const claims = await Promise.all(['a', 'b', 'c', 'd'].map((id) => sends.claim(email, claimAs(id, snapshot))));
      expect(claims.map(({ kind }) => kind).toSorted()).toEqual(['claimed', 'taken', 'taken', 'taken']);
    });

    it.each<[string, (scene: Scene) => Promise<unknown>]>([
      ['the person moved', movesHouse],
      ['they opted out', ({ consents, email: { user } }) => consents.record(user, optOut(['offers']))],
      ['they opted out of everything', ({ consents, email: { user } }) => consents.record(user, optOut(['*']))],
      [
        'their address was suppressed',
        ({ suppressions, hash }) => suppressions.add(hash, { ...complaint, since: Date.now() }),
      ],
      [
        'their address was suppressed and that was lifted',
        async ({ suppressions, hash }) => {
          await suppressions.add(hash, { ...complaint, since: Date.now() });
          await suppressions.lift(hash);
        },
      ],
    ])('is refused when %s since the look', async (_, change) => {
      const scene = await anEmail(stores());
      const { sends, email } = scene;
      const snapshot = await sends.look(email);
      await change(scene);
      expect(await sends.claim(email, claimAs('a', snapshot))).toEqual({ kind: 'changed' });
      expect(await sends.read(email.tag)).toBeUndefined();
      expect(await sends.claim(email, claimAs('a', await sends.look(email)))).toEqual({ kind: 'claimed' });
    });

    it('is refused by a gate or a pause, and says by which', async () => {
      const { sends, stops, email } = await anEmail(stores());
      const snapshot = await sends.look(email);
      const paused = `journey:${randomUUID()}` as const;
      const journey = `pause/${paused}`;
      await stops.pause(paused);
      expect(await sends.claim(email, claimAs('a', snapshot, ['gate/account', journey]))).toEqual({
        kind: 'stopped',
        by: journey,
      });
      await stops.resume(paused);
      expect(await sends.claim(email, claimAs('a', snapshot, ['gate/account', journey]))).toEqual({ kind: 'claimed' });
    });

    it('is checked again when it is renewed', async () => {
      const scene = await anEmail(stores());
      const { sends, email } = scene;
      const snapshot = await sends.look(email);
      await sends.claim(email, claimAs('a', snapshot));
      await movesHouse(scene);
      expect(await sends.claim(email, { ...claimAs('a/1', snapshot), over: 'a' })).toEqual({ kind: 'changed' });
    });

    it('that was renewed is another one: what was decided about it before no longer counts', async () => {
      const { sends, email } = await anEmail(stores());
      const snapshot = await sends.look(email);
      await sends.claim(email, claimAs('a', snapshot));
      expect(await sends.claim(email, { ...claimAs('a/1', snapshot), over: 'a' })).toEqual({ kind: 'claimed' });
      expect(await sends.claim(email, { ...claimAs('b', snapshot), over: 'a' })).toEqual({ kind: 'taken' });
      expect(await sends.read(email.tag)).toMatchObject({ claim: 'a/1', repeats: 0 });
    });

    it('takes over an attempt that was decided, only that one, and counts what may be a duplicate', async () => {
      const { sends, email } = await anEmail(stores());
      const snapshot = await sends.look(email);
      await sends.claim(email, claimAs('a', snapshot));
      expect(await sends.claim(email, { ...claimAs('b', snapshot), over: 'x' })).toEqual({ kind: 'taken' });
      expect(await sends.claim(email, { ...claimAs('b', snapshot), over: 'a', possibleDuplicate: true })).toEqual({
        kind: 'claimed',
      });
      expect(await sends.claim(email, { ...claimAs('c', snapshot), over: 'a', possibleDuplicate: true })).toEqual({
        kind: 'taken',
      });
      expect(await sends.read(email.tag)).toMatchObject({ state: 'claimed', claim: 'b', repeats: 1 });
    });

    it('of an email that was asked for long ago, or ahead of this clock, finds a month that exists', async () => {
      for (const askedAt of [
        Date.now() - 200 * 86_400_000,
        Date.now() + 200 * 86_400_000,
        Date.now() - 20 * 86_400_000,
      ]) {
        const { sends, email } = await anEmail(stores(), { askedAt });
        expect(await sends.claim(email, claimAs('a', await sends.look(email)))).toEqual({ kind: 'claimed' });
        expect(await sends.claim(email, claimAs('b', await sends.look(email)))).toEqual({ kind: 'taken' });
      }
    });
  });

  describe('what becomes of a claim', () => {
    it('is accepted once, with one fact, whoever says so first', async () => {
      const scene = await anEmail(stores());
      const { sends, email } = scene;
      await sends.claim(email, claimAs('a', await sends.look(email)));
      expect(await sends.accept(email.tag, '')).toEqual({ kind: 'accepted' });
      expect(await sends.confirm(email.tag, 'ses-1')).toMatchObject({
        kind: 'accepted',
        dispatchedAt: expect.any(Number),
      });
      expect(await sends.confirm(email.tag, 'ses-1')).toEqual({ kind: 'accepted' });
      expect(await sends.accept(email.tag, 'ses-1')).toEqual({ kind: 'accepted' });
      expect(await sends.accept(email.tag, 'ses-2')).toEqual({ kind: 'again' });
      expect(await sends.read(email.tag)).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
      expect(await factsOf(scene)).toEqual(['sent']);
    });

    it('is not in the ledger when another installation sent it', async () => {
      expect(await stores().sends.confirm('unheard of', 'ses-1')).toEqual({ kind: 'no_record' });
    });

    it('is released by its own attempt alone, and counts failures', async () => {
      const { sends, email } = await anEmail(stores());
      const snapshot = await sends.look(email);
      await sends.claim(email, claimAs('a', snapshot));
      expect(await sends.release(email.tag, 'b')).toBe(0);
      expect(await sends.release(email.tag, 'a')).toBe(1);
      expect(await sends.claim(email, claimAs('b', snapshot))).toEqual({ kind: 'claimed' });
      expect(await sends.release(email.tag, 'b', { failure: false })).toBe(1);
    });

    it('ends refused or unknown with one fact each, and an acceptance still corrects that', async () => {
      const scene = await anEmail(stores());
      const { sends, email } = scene;
      await sends.claim(email, claimAs('a', await sends.look(email)));
      expect(await sends.conclude(email.tag, 'a', 'unknown', 'the answer was lost')).toBe(true);
      expect(await sends.conclude(email.tag, 'a', 'unknown', 'the answer was lost')).toBe(false);
      expect(await sends.read(email.tag)).toMatchObject({ state: 'unknown', detail: 'the answer was lost' });
      expect(await sends.confirm(email.tag, 'ses-1')).toMatchObject({ kind: 'accepted' });
      expect(await sends.conclude(email.tag, 'a', 'refused', 'too late')).toBe(false);
      expect(await sends.read(email.tag)).toMatchObject({ state: 'accepted' });
      expect(await factsOf(scene)).toEqual(['sent', 'unknown']);
    });

    it('is not ended by an attempt that has decided another claim', async () => {
      const scene = await anEmail(stores());
      const { sends, email } = scene;
      const snapshot = await sends.look(email);
      await sends.claim(email, claimAs('a', snapshot));
      await sends.claim(email, { ...claimAs('b', snapshot), over: 'a' });
      expect(await sends.conclude(email.tag, 'a', 'unknown', 'too late')).toBe(false);
      expect(await sends.read(email.tag)).toMatchObject({ state: 'claimed', claim: 'b' });
      expect(await factsOf(scene)).toEqual([]);
    });

    it("keeps the provider's text as a personal field of the fact", async () => {
      const { sends, facts, email } = await anEmail(stores());
      await sends.claim(email, claimAs('a', await sends.look(email)));
      await sends.conclude(email.tag, 'a', 'refused', 'the provider refused this email', 'no such mailbox');
      expect(await facts.lastOf({ user_id: email.user }, 1)).toMatchObject([
        {
          what: 'refused',
          tag: email.tag,
          details: { detail: 'the provider refused this email', personal: { provider_text: 'no such mailbox' } },
        },
      ]);
    });

    it('ends before it was claimed with one fact that says why', async () => {
      const scene = await anEmail(stores());
      const { sends, email } = scene;
      await sends.endUnsent(email, 'suppressed');
      await sends.endUnsent(email, 'suppressed');
      expect(await factsOf(scene)).toEqual(['not_sent']);
    });
  });

  describe('an email in doubt', () => {
    it('is listed until it is decided by a fact or an operator', async () => {
      const scene = await anEmail(stores());
      const { sends, email } = scene;
      const listed = async () => (await sends.inDoubt(100)).filter(({ tag }) => tag === email.tag);
      await sends.claim(email, claimAs('a', await sends.look(email)));
      expect(await sends.doubt(email, 'a', 'no answer')).toEqual({ ageMs: expect.any(Number) });
      expect(await listed()).toMatchObject([
        { messageKey: email.messageKey, user: email.user, class: 'marketing', why: 'no answer' },
      ]);
      expect(await sends.decide(email.tag, 'send')).toBe(true);
      expect(await sends.doubt(email, 'a', 'asked again')).toMatchObject({ decision: 'send' });
      await sends.confirm(email.tag, 'ses-1');
      expect(await listed()).toEqual([]);
      expect(await sends.decide(email.tag, 'send')).toBe(false);
      expect(await sends.doubt(email, 'a', 'too late')).toEqual({ ageMs: 0 });
      expect(await listed()).toEqual([]);
      expect(await factsOf(scene)).toEqual(['doubt_decided', 'in_doubt', 'sent']);
    });

    it('is decided for one claim: the next one that is in doubt waits for a decision of its own', async () => {
      const { sends, email } = await anEmail(stores());
      const snapshot = await sends.look(email);
      await sends.claim(email, claimAs('a', snapshot));
      await sends.doubt(email, 'a', 'no answer');
      await sends.decide(email.tag, 'send');
      await sends.claim(email, { ...claimAs('b', snapshot), over: 'a' });
      const listed = async () => (await sends.inDoubt(100)).filter(({ tag }) => tag === email.tag);
      expect(await sends.doubt(email, 'a', 'too late')).toEqual({ ageMs: 0 });
      expect(await listed()).toEqual([]);
      expect(await sends.doubt(email, 'b', 'no answer either')).toEqual({ ageMs: expect.any(Number) });
      expect(await listed()).toMatchObject([{ why: 'no answer either' }]);
    });
  });
});

describe('in Postgres, a claim', () => {
  const run = (text: string, values: string[] = []) =>
    database.postgres.query<Record<string, unknown>>({ name: '', text }, values);

  it('meets the record of the month before', async () => {
    const { sends, email } = await anEmail(postgresStores());
    const snapshot = await sends.look(email);
    await sends.claim(email, claimAs('a', snapshot));
    await run(`UPDATE send SET month = date_trunc('month', now()) - interval '1 month' WHERE tag = $1`, [email.tag]);
    expect(await sends.claim(email, claimAs('b', snapshot))).toEqual({ kind: 'taken' });
    await sends.release(email.tag, 'a');
    expect(await sends.claim(email, claimAs('b', snapshot))).toEqual({ kind: 'claimed' });
    expect(await run('SELECT count(*) AS count FROM send WHERE tag = $1', [email.tag])).toEqual([{ count: 1 }]);
  });
});
