/**
 * How far a feedback queue has been read. A short answer is no proof of an empty queue, and SQS promises no order; so this goes by
 * what several receives side by side brought: messages, with the time since the provider wrote them, or nothing for the whole
 * length of a long poll, which asks all servers of SQS.
 */
export interface QueueLag {
  /** A receive of this poller has begun; the result says what came of it. */
  receive(poller: number): { empty(): void; messages(agesMs: readonly number[]): void };
  /** A message is held, and not yet stored, since it was received at this age in ms. The result: it is stored, or never will be. */
  hold(ageMs: number): { done(): void; failed(): void };
  /** How old what has not been read may be, in ms; undefined when it is not known: before every poller has had a first answer. */
  lagMs(): number | undefined;
}

/** What was received within so long counts: messages come roughly in their order, not exactly. */
const rememberedMs = 30_000;

/** `now`: a monotonic clock, ms. `hiddenMs`: how long a message that was received and not deleted is hidden from others. */
export function createQueueLag(pollers: number, hiddenMs: number, now = () => performance.now()): QueueLag {
  // Marks: instants up to which everything had been read, as of a receive.
  const marks = Array.from({ length: pollers }, () => [] as { at: number; readUntil: number }[]);
  const held = new Set<{ since: number; until: number }>();

  const mark = (poller: number, readUntil: number) => {
    const own = marks[poller]!;
    own.push({ at: now(), readUntil });
    while (own.length > 1 && own[0]!.at < now() - rememberedMs) own.shift();
  };

  return {
    receive(poller) {
      const begun = now();
      return {
        empty() {
          marks[poller] = []; // what it saw before has been received since, by somebody
          mark(poller, begun);
        },
        messages(agesMs) {
          if (agesMs.length > 0) mark(poller, now() - Math.max(...agesMs));
        },
      };
    },
    hold(ageMs) {
      const message = { since: now() - ageMs, until: Infinity };
      held.add(message);
      return {
        done: () => held.delete(message),
        // It is shown again, to any ingress, and is received with its age.
        failed: () => (message.until = now() + 2 * hiddenMs),
      };
    },
    lagMs() {
      if (marks.some((own) => own.length === 0)) return undefined;
      for (const message of held) if (message.until < now()) held.delete(message);
      const instants = marks.flatMap((own) => {
        const recent = own.filter(({ at }, index) => index === own.length - 1 || at >= now() - rememberedMs);
        return recent.map(({ readUntil }) => readUntil);
      });
      const oldest = Math.min(...instants, ...[...held].map(({ since }) => since));
      return Number.isFinite(oldest) ? Math.max(0, now() - oldest) : undefined;
    },
  };
}
