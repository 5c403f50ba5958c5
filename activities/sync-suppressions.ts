import { Context } from '@temporalio/activity';

import { fewAtOnce } from '../store/few-at-once.ts';
import type { Lift } from '../store/suppression-sync.ts';
import { isLifted, isUnreported, type SharedReason } from '../store/suppressions.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { ListedAddress, SuppressionList } from './mailers/mailer.ts';

/** What a sync found and did: numbers of addresses, and no address. */
export interface SyncReport {
  /** Entries of the provider's list that were read. */
  listed: number;
  /** Of them, those that were not suppressed here for this reason, and those that were. */
  added: number;
  known: number;
  /** Suppressions that the provider's list has got from here. */
  told: number;
  /** Those that it cannot get: nobody here has that address, or the account is in the provider's sandbox. */
  not_told_unknown_address: number;
  not_told_sandbox: number;
  /** Entries that an operator's removal has taken off the provider's list. */
  lifted_at_provider: number;
  /** Suppressed addresses written to the mirror in Redis (`suppression.storage: redis`). */
  mirrored: number;
}

/** One try of the sync, as Temporal sees it. */
export interface Attempt {
  /** The same for every attempt of one run. */
  run: string;
  /** Says that it is alive; throws when it shall end. */
  beat(report: SyncReport): void;
}

interface Progress {
  /** By Redis's clock, Unix ms. */
  startedAt: number;
  /** Everything is read, not only what is new, since a removal may concern any entry. */
  full: boolean;
  since?: number;
  /** The page to go on with. */
  next?: string;
  listRead?: true;
  report: SyncReport;
}

/** Clocks differ, and SES may list an entry late. */
const overlapMs = 3_600_000;

const reasonOf = { BOUNCE: 'hard_bounce', COMPLAINT: 'complaint' } as const satisfies Record<string, SharedReason>;

export function attemptOfTemporal(): Attempt {
  const activity = Context.current();
  return {
    run: `${activity.info.workflowExecution?.runId}`,
    beat(report) {
      activity.heartbeat(report);
      activity.cancellationSignal.throwIfAborted();
    },
  };
}

/** Compares the suppressions with the provider's list, and with their mirror in Redis, where there is one. */
export async function syncSuppressions(deps: ActivityDependencies, attempt: Attempt): Promise<SyncReport> {
  const list = deps.mailer.suppressionList;
  const report = list ? await syncWithProvider(deps, list, attempt) : nothing();
  await mirror(deps, report, attempt);
  if (list || deps.store.suppressionMirror) deps.log.info({ ...report }, 'suppressions.synced');
  return report;
}

/** All of the mirror each time: what was not written when it changed is written now. */
async function mirror({ store }: ActivityDependencies, report: SyncReport, attempt: Attempt): Promise<void> {
  const onPage = (written: number) => attempt.beat(Object.assign(report, { mirrored: written }));
  await store.suppressionMirror?.reconcile(onPage);
}

/**
 * Brings over what the provider's list has and we have not, takes off it what an operator has lifted, and reports
 * bounces and complaints that it cannot know. Never anything else: its list stops transactional email too.
 */
async function syncWithProvider(
  deps: ActivityDependencies,
  list: SuppressionList,
  attempt: Attempt,
): Promise<SyncReport> {
  const progress = await resume(deps, attempt);
  if (!progress.listRead) await readList(deps, list, progress, attempt);
  await tell(deps, list, progress, attempt);
  return progress.report;
}

function nothing(): SyncReport {
  return {
    listed: 0,
    added: 0,
    known: 0,
    told: 0,
    not_told_unknown_address: 0,
    not_told_sandbox: 0,
    lifted_at_provider: 0,
    mirrored: 0,
  };
}

async function resume({ store: { suppressionSync: sync } }: ActivityDependencies, { run }: Attempt): Promise<Progress> {
  const kept = await sync.progress<Progress>(run);
  if (kept) return kept;
  // In this order: what was lifted before `startedAt` is among the lifts.
  const startedAt = await sync.now();
  const full = (await sync.lifts()).length > 0;
  const last = full ? undefined : await sync.lastRead();
  return { startedAt, full, ...(last !== undefined && { since: last - overlapMs }), report: nothing() };
}

async function readList(
  deps: ActivityDependencies,
  list: SuppressionList,
  progress: Progress,
  attempt: Attempt,
): Promise<void> {
  const { suppressionSync: sync } = deps.store;
  const lifts = progress.full ? await sync.lifts() : [];
  const liftsOf = byAddress(lifts);
  const toDelete: string[] = [];
  for await (const { entries, next } of pagesOf(deps, list, progress, attempt)) {
    const taken = await fewAtOnce(entries, (entry) => take(deps, liftsOf, entry));
    const { report } = progress;
    report.listed += entries.length;
    for (const [index, entry] of entries.entries()) {
      if (taken[index] === 'lifted') toDelete.push(entry.address);
      else report[taken[index] ?? 'known'] += 1;
    }
    // A full reading that dies begins anew: what it was to delete, it knew by address alone.
    if (next !== undefined && !progress.full) await sync.keepProgress(attempt.run, Object.assign(progress, { next }));
    attempt.beat(report);
  }
  // Not while it is being read: the pages would shift.
  for (const address of toDelete) {
    await list.delete(address);
    progress.report.lifted_at_provider += 1;
    attempt.beat(progress.report);
  }
  await sync.read(progress.startedAt, lifts);
  progress.listRead = true;
  await sync.keepProgress(attempt.run, progress);
}

/** A page may be asked for too late, and the provider not know it any more: the next attempt reads from the beginning. */
async function* pagesOf(
  { store: { suppressionSync: sync } }: ActivityDependencies,
  list: SuppressionList,
  { since, next: from, ...progress }: Progress,
  { run }: Attempt,
): ReturnType<SuppressionList['list']> {
  let first = true;
  try {
    for await (const page of list.list(since === undefined ? undefined : new Date(since), from)) {
      first = false;
      yield page;
    }
  } catch (error) {
    const anew = { ...progress, ...(since !== undefined && { since }), report: nothing() };
    if (first && from !== undefined) await sync.keepProgress(run, anew);
    throw error;
  }
}

function byAddress(lifts: Lift[]): Map<string, Lift[]> {
  const found = new Map<string, Lift[]>();
  for (const lift of lifts) found.set(lift.addressHash, [...(found.get(lift.addressHash) ?? []), lift]);
  return found;
}

async function take(
  { store, settings, metrics }: ActivityDependencies,
  lifts: ReadonlyMap<string, readonly Lift[]>,
  { address, reason: theirs, since }: ListedAddress,
): Promise<'added' | 'known' | 'lifted'> {
  const hash = store.addressHash(address);
  const reason = reasonOf[theirs];
  const scope = reason === 'complaint' ? settings.complaintsStop : 'all';
  const listed = { reason, scope, since, source: 'provider' } as const;
  // Listed again after the removal, it is a new bounce or complaint. And what is suppressed here stays on their list too.
  const over = isLifted(lifts.get(hash) ?? [], listed);
  if (over && !(await store.suppressions.of(hash)).some((each) => each.reason === reason)) return 'lifted';
  if (!(await store.suppressions.add(hash, listed))) return 'known';
  metrics.suppressions.inc({ reason });
  return 'added';
}

async function tell(
  deps: ActivityDependencies,
  list: SuppressionList,
  progress: Progress,
  attempt: Attempt,
): Promise<void> {
  const { suppressionSync: sync } = deps.store;
  const { report } = progress;
  // What could not be told is counted anew by each attempt, and an address that comes twice counts once.
  Object.assign(report, { not_told_unknown_address: 0, not_told_sandbox: 0 });
  const seen = new Set<string>();
  let mayPut: boolean | undefined;
  for await (const page of sync.unreported()) {
    const fresh = page.filter((hash) => !seen.has(hash) && seen.add(hash));
    const found = await fewAtOnce(fresh, async (hash) => ({ hash, ...(await whatToTell(deps, hash)) }));
    for (const { hash, reasons, reason, address } of found) {
      if (reason === undefined) await sync.reported(hash, reasons); // lifted meanwhile
      else if (address === undefined) report.not_told_unknown_address += 1;
      else if (!(mayPut ??= await list.mayPut())) report.not_told_sandbox += 1;
      else {
        if (await list.put(address, reason)) report.told += 1;
        else deps.log.warn({ address_hash: hash }, "the provider's suppression list does not take this address");
        await sync.reported(hash, reasons);
        await sync.keepProgress(attempt.run, progress);
      }
      attempt.beat(report);
    }
  }
}

/** The reason in the provider's words, and the address, if somebody here has it. */
async function whatToTell(
  { store }: ActivityDependencies,
  hash: string,
): Promise<{ reasons: SharedReason[]; reason?: ListedAddress['reason']; address?: string }> {
  const reasons = (await store.suppressions.of(hash)).filter(isUnreported).map(({ reason }) => reason);
  if (reasons.length === 0) return { reasons };
  const reason = reasons.includes('complaint') ? 'COMPLAINT' : 'BOUNCE';
  for (const person of await store.contacts.peopleAt(hash)) {
    const { email } = await store.contacts.find(person);
    if (email !== undefined && store.addressHash(email) === hash) return { reasons, reason, address: email };
  }
  return { reasons, reason };
}
