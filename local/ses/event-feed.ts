import { feedbackFor } from './feedback.ts';
import type { SesEvent } from './feedback.ts';
import type { FaultPlan } from './faults.ts';
import type { Mail } from './mail.ts';

/** Events that wait for their delay. Beyond it the oldest are lost, as SES's own feed is best effort too. */
const MAX_WAITING = 100_000;

export interface EventFeedOptions {
  faults: FaultPlan;
  onEvent: (event: SesEvent) => void | Promise<void>;
  /** Between acceptance and Send, and between each event of a mail and its next. */
  delayMs: number;
}

/** Publishes what SES would publish about accepted mails, in order, one event of a mail after the other. */
export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #published = 0;
  #lost = 0;

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  get counts(): { published: number; lost: number } {
    return { published: this.#published, lost: this.#lost };
  }

  /** Nothing without a configuration set: only sets have event destinations. */
  announce(mail: Mail): void {
    if (mail.configurationSet === undefined) return;
    if (!this.#options.faults.events || this.#timers.size >= MAX_WAITING) {
      this.#lost += 1;
      return;
    }
    this.#publishAfter(this.#options.delayMs, mail, 0);
  }

  /** Events still waiting are lost. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #publishAfter(delay: number, mail: Mail, index: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const events = feedbackFor(mail);
      // Without a delay the rest follows at once: ten thousand mails must not mean thirty thousand timers.
      const until = this.#options.delayMs === 0 ? events.length : index + 1;
      for (const event of events.slice(index, until)) this.#publish(event);
      if (until < events.length) this.#publishAfter(this.#options.delayMs, mail, until);
    }, delay);
    this.#timers.add(timer);
  }

  #publish(event: SesEvent): void {
    if (!this.#options.faults.events) {
      this.#lost += 1;
      return;
    }
    this.#published += 1;
    // A receiver that fails is its own business: SES does not take the mail back either.
    Promise.resolve()
      .then(() => this.#options.onEvent(event))
      .catch(() => undefined);
  }
}
