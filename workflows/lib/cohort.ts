import { note } from './story.ts';

/**
 * Which group of a test somebody is in. The same person is in the same group of the same test for ever, whatever journey
 * asks; being in one group of one test says nothing about another. The numbers are shares of their sum. A group that gets
 * nothing is a holdout.
 *
 *     if (cohort(ada, 'win-back-2027', { mailed: 90, holdout: 10 }) === 'holdout') return 'held_out';
 */
export function cohort<Group extends string>(
  { id }: { id: string },
  test: string,
  shares: Readonly<Record<Group, number>>,
): Group {
  const groups = Object.entries<number>(shares) as [Group, number][];
  const all = groups.reduce((sum, [, share]) => sum + share, 0);
  if (!(all > 0) || groups.some(([, share]) => !(share >= 0)))
    throw new Error(`the shares of "${test}" must be numbers of 0 or more, and not all 0`);
  let left = (hash(`${test}/${id}`) / 2 ** 32) * all;
  const [group] =
    groups.find(([, share]) => (left -= share) < 0) ?? groups.findLast(([, share]) => share > 0) ?? groups[0]!;
  note(`in group ${group} of ${test}`);
  return group;
}

/** FNV-1a, then mixed once more: FNV alone leaves the upper bits of short texts alike. 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const letter of text) value = Math.imul(value ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
