/** Something that is to happen. */
export interface Item {
  /** Unix ms. */
  at: number;
  happen: () => Promise<void> | void;
}

/** What is to happen, by time, and at the same time in the order in which it was put down. */
export interface Agenda {
  add(at: number, happen: Item['happen']): Item;
  drop(item: Item): void;
  /** Takes off what comes first; undefined when there is nothing more. */
  next(): Item | undefined;
}

export function createAgenda(): Agenda {
  const items: Item[] = [];
  return {
    add(at, happen) {
      const item = { at, happen };
      const after = items.findIndex((other) => other.at > at);
      items.splice(after < 0 ? items.length : after, 0, item);
      return item;
    },
    drop(item) {
      const index = items.indexOf(item);
      if (index >= 0) items.splice(index, 1);
    },
    next: () => items.shift(),
  };
}
