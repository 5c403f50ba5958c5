import { distance } from 'fastest-levenshtein';

/** The name that was probably meant; undefined when none is near. `orderId` and `order_id` are the same slip. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const atMost = name.length < 4 ? 1 : Math.max(2, name.length / 3);
  const [closest] = known
    .map((one) => ({ one, steps: distance(bare(name), bare(one)) }))
    .filter(({ steps }) => steps <= atMost)
    .toSorted((one, other) => one.steps - other.steps);
  return name === '' ? undefined : closest?.one;
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
