/** What was really done, by name. */
export type Counts<Name extends string = string> = Partial<Record<Name, number>>;

export function count<Name extends string>(counts: Counts<Name>, name: Name): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
