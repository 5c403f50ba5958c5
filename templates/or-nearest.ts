/** What would be right instead of a name that there is not: `is it "total"? There are order_id, total, currency`. */
export function orNearest(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'there are none';
  const there = `there are ${known.join(', ')}`;
  const [nearest] = known
    .map((one) => ({ one, steps: distance(bare(name), bare(one)) }))
    .filter(({ steps }) => steps <= (name.length < 4 ? 1 : Math.max(2, name.length / 3)))
    .toSorted((a, b) => a.steps - b.steps);
  return nearest && name !== '' ? `is it "${nearest.one}"? There${there.slice('there'.length)}` : there;
}

/** `orderId` and `order_id` are the same slip. */
function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Letters to change, add or leave out (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
