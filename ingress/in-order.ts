/**
 * Runs work of one person one after another and work of different people side by side. Within one ingress an order that
 * follows a sign-up then finds the address that the sign-up brought. Nothing may depend on it: two ingresses can still
 * overtake each other.
 *
 * Work that waits for its turn only waits: it is called when its turn has come, and takes a place of its lane no earlier. The
 * number that wait is bounded, for each person and in all.
 */
export interface InOrder {
  /** Undefined when too many wait already: the caller puts the message where it occupies nothing. */
  run<T>(person: string, work: () => Promise<T>): Promise<T> | undefined;
}

export function inOrder({ ofOnePerson, inAll }: { ofOnePerson: number; inAll: number }): InOrder {
  const last = new Map<string, { ended: Promise<unknown>; count: number }>();
  let waiting = 0;
  return {
    run(person, work) {
      const before = last.get(person);
      if (before && (before.count > ofOnePerson || waiting >= inAll)) return undefined;
      if (before) waiting += 1;
      const mine = before
        ? before.ended.then(() => {
            waiting -= 1;
            return work();
          })
        : work();
      const queue = { ended: mine.catch(() => undefined), count: (before?.count ?? 0) + 1 };
      last.set(person, queue);
      void queue.ended.then(() => {
        const now = last.get(person);
        if (now === queue) last.delete(person);
        else if (now) now.count -= 1;
      });
      return mine;
    },
  };
}
