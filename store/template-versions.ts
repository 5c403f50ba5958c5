/** Who did something to a template, and why. */
export interface Act {
  author: string;
  message: string;
}

/** What was done to a template; the history keeps all of it. */
export interface HistoryEntry extends Act {
  action: 'publish' | 'rollback' | 'pin' | 'unpin';
  version: string;
  /** Whether the version was live from then on; a publish of a pinned template is not. */
  live: boolean;
  /** By the database's clock, Unix ms. */
  at: number;
}

/**
 * `live`: sent from now on. `unchanged`: it was live already. `pinned`: stored, but another version is pinned. `taken_back`:
 * stored, but a rollback took this very version back, and publishing it again has to be requested.
 */
export type Published = 'live' | 'unchanged' | 'pinned' | 'taken_back';

/** One published template as it was handed in: JSON with at least these two. */
export interface StoredTemplate {
  name: string;
  version: string;
}

export interface PublishHow {
  again?: boolean;
  onlyFirst?: boolean;
  dryRun?: boolean;
}

/**
 * The templates that are published: every version ever, which one is live, and who made it so. A version is its content and
 * is never overwritten. Each act on a template is one transaction; two at the same time happen one after the other.
 */
export interface TemplateVersions {
  /**
   * `again`: also if a rollback took it back. `onlyFirst`: only if no version is live yet. `dryRun`: returns what would become
   * of it, and changes nothing.
   */
  publish(template: StoredTemplate, act: Act, how?: PublishHow): Promise<Published>;
  load(name: string, version: string): Promise<StoredTemplate | undefined>;
  /** The live version of every template. */
  live(): Promise<Map<string, string>>;
  /** Templates that stay at a version until they are unpinned. */
  pinned(): Promise<Map<string, string>>;
  /** Oldest first. */
  history(name: string): Promise<HistoryEntry[]>;
  /** Makes an earlier version live, and records that the one before was taken back. False when it is not published. */
  rollback(name: string, version: string, act: Act): Promise<boolean>;
  /** Makes a version live and keeps it so. False when it is not published. */
  pin(name: string, version: string, act: Act): Promise<boolean>;
  /** False when it was not pinned. What was published, or rolled back to, last is live then. */
  unpin(name: string, act: Act): Promise<boolean>;
  /**
   * Calls back when another version is live somewhere, and when one may have become so unnoticed, until closed. A notification
   * can be lost: a caller that must not miss one also polls.
   */
  onChange(changed: () => void): { close(): void };
}
