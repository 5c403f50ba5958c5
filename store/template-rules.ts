import type { HistoryEntry, Published, PublishHow } from './template-versions.ts';

/** One template as it is, before an act on it. */
export interface TemplateState {
  live?: string;
  pinned?: string;
  /** Whether the version that the act is about is published. */
  published: boolean;
  takenBack: ReadonlySet<string>;
  /** What was done so far, oldest first. */
  acts: readonly Pick<HistoryEntry, 'action' | 'version'>[];
}

/** What an act makes of a template. What is absent stays as it is. */
export interface TemplateOutcome<Result> {
  result: Result;
  /** Stores the version, which is new. */
  store?: true;
  live?: string;
  pinned?: string | null;
  takeBack?: string;
  /** No longer taken back. */
  bringBack?: string;
  entry?: Pick<HistoryEntry, 'action' | 'version' | 'live'>;
}

export type TemplateRule<Result> = (state: TemplateState) => TemplateOutcome<Result>;

/** Behind a pin, what the entry before says already is not recorded again: a deploy publishes each time. */
export function publishing(version: string, how: PublishHow): TemplateRule<Published> {
  return ({ live, pinned, published, takenBack, acts }) => {
    if (how.onlyFirst && live !== undefined) return { result: 'unchanged' };
    const kept = published || how.dryRun ? {} : { store: true as const };
    if (live === version) return { ...kept, result: 'unchanged' };
    const wasTakenBack = takenBack.has(version);
    if (pinned !== undefined) {
      const again = how.again === true && wasTakenBack;
      const last = acts.at(-1);
      const isRecorded = last?.action === 'publish' && last.version === version;
      return {
        ...kept,
        result: 'pinned',
        ...(!how.dryRun && again && { bringBack: version }),
        ...(!how.dryRun && (again || !isRecorded) && { entry: { action: 'publish', version, live: false } }),
      };
    }
    if (wasTakenBack && !how.again) return { ...kept, result: 'taken_back' };
    if (how.dryRun) return { result: 'live' };
    return {
      ...kept,
      result: 'live',
      live: version,
      bringBack: version,
      entry: { action: 'publish', version, live: true },
    };
  };
}

export function rollingBack(version: string): TemplateRule<boolean> {
  return ({ live, pinned, published }) => {
    if (!published) return { result: false };
    return {
      ...made('rollback', version),
      ...(pinned !== undefined && { pinned: version }),
      ...(live !== undefined && live !== version && { takeBack: live }),
    };
  };
}

export function pinning(version: string): TemplateRule<boolean> {
  return ({ published }) => (published ? { ...made('pin', version), pinned: version } : { result: false });
}

/** Live is then what was published or rolled back to last, unless it was taken back. */
export function unpinning(): TemplateRule<boolean> {
  return ({ pinned, acts, takenBack }) => {
    if (pinned === undefined) return { result: false };
    const newest = acts.findLast(
      ({ action, version }) => (action === 'publish' || action === 'rollback') && !takenBack.has(version),
    );
    const { version } = newest ?? { version: pinned };
    return { result: true, live: version, pinned: null, entry: { action: 'unpin', version, live: true } };
  };
}

function made(action: 'rollback' | 'pin', version: string): TemplateOutcome<boolean> {
  return { result: true, live: version, bringBack: version, entry: { action, version, live: true } };
}

/** Whether an outcome writes anything. */
export function changesNothing(outcome: TemplateOutcome<unknown>): boolean {
  return Object.keys(outcome).length === 1;
}
