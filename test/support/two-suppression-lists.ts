import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, vi } from 'vitest';

import type { ActivityDependencies } from '../../activities/dependencies.ts';
import type { Mailer } from '../../activities/mailers/mailer.ts';
import { createSesMailer } from '../../activities/mailers/ses.ts';
import { type SyncReport, syncSuppressions } from '../../activities/sync-suppressions.ts';
import { type SesStandIn, startSesStandIn } from '../../local/ses/stand-in.ts';
import type { Suppression } from '../../store/suppressions.ts';
import { ownDatabase } from './database.ts';
import { person } from './events.ts';
import { type PeopleStores, postgresStores } from './people-stores.ts';

export const hour = 3_600_000;

interface Addressed {
  email: string;
}

/** The list of SES and ours, both empty before each test of a file, and what keeps them in step. */
export interface TwoLists {
  ses: SesStandIn;
  mailer: Mailer;
  store: PeopleStores;
  deps: ActivityDependencies;
  /** How often a call to SES waited for its turn. */
  turns: number;
  sync(run?: string, beat?: (report: SyncReport) => void): Promise<SyncReport>;
  hashOf(who: Addressed): string;
  suppressionsOf(who: Addressed): Promise<Suppression[]>;
  /** How often SES was asked for this. */
  requests(operation: string): number;
  listedAtSes(): string[];
  /** SES lists it as of some time ago. */
  listedSince(ago: number, who: Addressed, reason?: 'BOUNCE' | 'COMPLAINT'): void;
  /** Somebody whose address is known here. */
  known(name: string): Promise<ReturnType<typeof person>>;
  /** What an operator's command does. */
  operatorAdds(who: Addressed, reason: Suppression['reason'], more?: Partial<Suppression>): Promise<void>;
  operatorRemoves(who: Addressed, reason?: 'hard_bounce' | 'complaint'): Promise<void>;
}

export function twoSuppressionLists(): TwoLists {
  const lists = {
    sync: (run = randomUUID(), beat = () => {}) => syncSuppressions(lists.deps, { run, beat }),
    hashOf: ({ email }) => lists.store.addressHash(email),
    suppressionsOf: (who) => lists.store.suppressions.of(lists.hashOf(who)),
    requests: (operation) => lists.ses.record.stats().requests[operation] ?? 0,
    listedAtSes: () =>
      lists.ses.suppressionList
        .list({ reasons: [], from: 0, until: Infinity, pageSize: 1_000 })
        .entries.map(({ address, reason }) => `${reason} ${address}`)
        .toSorted(),
    listedSince(ago, { email }, reason = 'BOUNCE') {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - ago });
      lists.ses.suppressionList.put(email, reason);
      vi.useRealTimers();
    },
    async known(name) {
      const who = person(name);
      await lists.store.contacts.record(who.user_id, { email: who.email }, 1);
      return who;
    },
    async operatorAdds(who, reason, more = {}) {
      const suppression = { reason, scope: 'all', since: 1, source: 'operator', ...more } as const;
      await lists.store.suppressions.add(lists.hashOf(who), suppression);
    },
    async operatorRemoves(who, reason) {
      await lists.store.suppressionSync.lift(lists.hashOf(who), reason);
      await lists.store.suppressions.lift(lists.hashOf(who), reason);
    },
  } as TwoLists;

  const own = ownDatabase();
  beforeEach(async () => {
    const tables = 'person, consent, consent_log, address, suppression, suppression_lift, suppression_sync, fact';
    await own.postgres.query({ name: 'empty', text: `TRUNCATE ${tables}` });
    lists.ses = await startSesStandIn();
    for (const [name, value] of [
      ['AWS_ENDPOINT_URL', lists.ses.url],
      ['AWS_REGION', 'eu-central-1'],
      ['AWS_ACCESS_KEY_ID', 'local'],
      ['AWS_SECRET_ACCESS_KEY', 'local'],
    ] as const)
      vi.stubEnv(name, value);
    lists.turns = 0;
    const readingTurn = async () => void (lists.turns += 1);
    const mailer = createSesMailer({
      configurationSet: 'rivulet',
      requestTimeoutMs: 10_000,
      concurrency: 5,
      readingTurn,
    });
    const store = postgresStores(own.postgres);
    const deps = {
      store,
      mailer,
      log: { info() {}, warn() {}, error() {} },
      metrics: { suppressions: { inc() {} } },
      settings: { complaintsStop: 'all' },
    } as unknown as ActivityDependencies;
    Object.assign(lists, { mailer, store, deps });
  });
  afterEach(async () => {
    lists.mailer.close();
    vi.unstubAllEnvs();
    vi.useRealTimers();
    await lists.ses.close();
  });
  return lists;
}

/** What a sync reports that found nothing to do. */
export const nothing: SyncReport = {
  listed: 0,
  added: 0,
  known: 0,
  told: 0,
  not_told_unknown_address: 0,
  not_told_sandbox: 0,
  lifted_at_provider: 0,
  mirrored: 0,
};
