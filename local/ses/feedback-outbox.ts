import { setTimeout as sleep } from 'node:timers/promises';

export interface Letter {
  /** The same for the same content, so that whoever receives it twice can tell. */
  id: string;
  subject: string;
  payload: string;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;
const IN_FLIGHT = 64;

/**
 * Holds events until they are published, in order, for as long as it takes; of more than `capacity` the oldest are
 * dropped, and counted. A letter may be published twice (a lost acknowledgement), never silently not at all.
 */
export class FeedbackOutbox {
  readonly #publish: (letter: Letter) => Promise<void>;
  readonly #capacity: number;
  readonly #onTrouble: (error: unknown) => void;
  readonly #closing = new AbortController();
  #waiting: Letter[] = [];
  #running: Promise<void> | undefined;
  #dropped = 0;

  constructor(options: {
    publish: (letter: Letter) => Promise<void>;
    capacity: number;
    /** Told of the first failure after a success, not of every retry. */
    onTrouble?: (error: unknown) => void;
  }) {
    this.#publish = options.publish;
    this.#capacity = options.capacity;
    this.#onTrouble = options.onTrouble ?? (() => undefined);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get dropped(): number {
    return this.#dropped;
  }

  post(letter: Letter): void {
    this.#waiting.push(letter);
    if (this.#waiting.length > this.#capacity) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    this.#running ??= this.#drain().finally(() => (this.#running = undefined));
  }

  /** Tries for `graceMs` more to publish what is waiting, then gives up. Answers how many were left. */
  async close(graceMs = 0): Promise<number> {
    const timer = setTimeout(() => this.#closing.abort(), graceMs);
    await this.#running;
    clearTimeout(timer);
    this.#closing.abort();
    return this.#waiting.length;
  }

  async #drain(): Promise<void> {
    let wait = FIRST_WAIT_MS;
    while (this.#waiting.length > 0 && !this.#closing.signal.aborted) {
      const batch = this.#waiting.slice(0, IN_FLIGHT);
      const results = await Promise.allSettled(batch.map((letter) => this.#publish(letter)));
      const published = new Set(batch.filter((_, index) => results[index]?.status === 'fulfilled'));
      this.#waiting = this.#waiting.filter((letter) => !published.has(letter));
      const failure = results.find((result) => result.status === 'rejected');
      if (!failure) {
        wait = FIRST_WAIT_MS;
        continue;
      }
      if (wait === FIRST_WAIT_MS) this.#onTrouble(failure.reason);
      await sleep(wait, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  }
}
