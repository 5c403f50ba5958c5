import { nearest } from '../events/nearest.ts';

/** What would be right instead of a name that there is not: `is it "total"? There are order_id, total, currency`. */
export function orNearest(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'there are none';
  const there = `there are ${known.join(', ')}`;
  const meant = nearest(name, known);
  return meant === undefined ? there : `is it "${meant}"? There${there.slice('there'.length)}`;
}
