export interface Busiest {
  /** Unix ms of its start. */
  start: number;
  count: number;
}

export interface SendingStats {
  /** Mails accepted, also those that the mailbox has dropped since. */
  accepted: number;
  /** Requests by operation, accepted or not. */
  requests: Record<string, number>;
  /** Refusals by error name. */
  refused: Record<string, number>;
  /** Faults acted out, by action. */
  faults: Record<string, number>;
  /** Accepted mails by the value of the tag `rivulet-key`. */
  byTag: Record<string, number>;
  /** Keys beyond the bound, which `byTag` therefore lacks; 0 means that `byTag` is complete. */
  keysNotCounted: number;
  /** The calendar second with the most accepted mails; `second` is Unix seconds. */
  perSecond: { second: number; count: number };
  /** The most mails accepted within any 1000 ms. */
  busiestWindow: Busiest;
}

export const KEY_TAG = 'rivulet-key';
const MAX_KEYS = 500_000;
const DAY_SECONDS = 86_400;

/**
 * Counts that outlive the mails: how often each message key was accepted, and how fast. Tests prove "never twice" and
 * "never over the rate" from here, so nothing in it is sampled. Bounded: keys by count, seconds by one day.
 */
export class SendingRecord {
  #accepted = 0;
  readonly #requests = new Map<string, number>();
  readonly #refused = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  readonly #keys = new Map<string, number>();
  #keysNotCounted = 0;
  #perSecond = { second: 0, count: 0 };
  #busiestWindow: Busiest = { start: 0, count: 0 };
  /** Times of acceptance within the last 1000 ms, oldest first. */
  #window: number[] = [];
  /** Recipients by second, oldest first, and their sum: the quota of SES counts recipients over 24 hours. */
  readonly #recipients = new Map<number, number>();
  #recipientsInDay = 0;
  #mailsThisSecond = { second: 0, count: 0 };

  request(operation: string): void {
    increment(this.#requests, operation);
  }

  refusal(errorName: string): void {
    increment(this.#refused, errorName);
  }

  fault(action: string): void {
    increment(this.#faults, action);
  }

  accept(now: number, key: string | undefined, recipients: number): void {
    this.#accepted += 1;
    if (key !== undefined) this.#countKey(key);
    this.#trim(now);
    this.#window.push(now);
    if (this.#window.length > this.#busiestWindow.count) {
      this.#busiestWindow = { start: this.#window[0] ?? now, count: this.#window.length };
    }
    const second = Math.floor(now / 1000);
    if (this.#mailsThisSecond.second !== second) this.#mailsThisSecond = { second, count: 0 };
    this.#mailsThisSecond.count += 1;
    if (this.#mailsThisSecond.count > this.#perSecond.count) this.#perSecond = { ...this.#mailsThisSecond };
    this.#recipients.set(second, (this.#recipients.get(second) ?? 0) + recipients);
    this.#recipientsInDay += recipients;
  }

  /** Mails accepted in the 1000 ms before now. */
  inLastSecond(now: number): number {
    this.#trim(now);
    return this.#window.length;
  }

  sentLast24Hours(now: number): number {
    this.#trim(now);
    return this.#recipientsInDay;
  }

  timesAccepted(key: string): number {
    return this.#keys.get(key) ?? 0;
  }

  stats(): SendingStats {
    return {
      accepted: this.#accepted,
      requests: Object.fromEntries(this.#requests),
      refused: Object.fromEntries(this.#refused),
      faults: Object.fromEntries(this.#faults),
      byTag: Object.fromEntries(this.#keys),
      keysNotCounted: this.#keysNotCounted,
      perSecond: { ...this.#perSecond },
      busiestWindow: { ...this.#busiestWindow },
    };
  }

  /** Starts counting anew. The rolling day stays: forgetting the mails does not give the quota back. */
  reset(): void {
    this.#accepted = 0;
    this.#keysNotCounted = 0;
    for (const counts of [this.#requests, this.#refused, this.#faults, this.#keys]) counts.clear();
    this.#perSecond = { second: 0, count: 0 };
    this.#mailsThisSecond = { second: 0, count: 0 };
    this.#busiestWindow = { start: 0, count: 0 };
    this.#window = [];
  }

  #countKey(key: string): void {
    if (this.#keys.has(key) || this.#keys.size < MAX_KEYS) increment(this.#keys, key);
    else this.#keysNotCounted += 1;
  }

  #trim(now: number): void {
    const stale = this.#window.findIndex((time) => time > now - 1000);
    if (stale !== 0) this.#window = stale === -1 ? [] : this.#window.slice(stale);
    for (const [second, count] of this.#recipients) {
      if (second > now / 1000 - DAY_SECONDS) break;
      this.#recipients.delete(second);
      this.#recipientsInDay -= count;
    }
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
