import PQueue from 'p-queue';

/** A page of a thousand would take all connections to the record, and sends beside it would wait for one until they fail. */
const atOnce = 4;

/** Runs `work` for each item, a few at the same time. Returns the results in the order of the items. */
export function fewAtOnce<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  return new PQueue({ concurrency: atOnce }).addAll(items.map((item) => () => work(item)));
}
