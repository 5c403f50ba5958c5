/**
 * The pace of this worker alone, for the moment in which the shared limit cannot be asked: the rate divided by the number
 * of workers. Gives the wait of each mail that asks, in milliseconds.
 */
export function createLocalPace(perSecond: number, workers: () => number): () => number {
  let next = 0;
  return () => {
    const now = performance.now();
    const slot = Math.max(now, next);
    next = slot + (1_000 * Math.max(1, workers())) / perSecond;
    return slot - now;
  };
}
