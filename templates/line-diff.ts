/** One line of a comparison: in both, only in the first, or only in the second. */
export interface DiffLine {
  sign: ' ' | '-' | '+';
  text: string;
}

/**
 * Compares two texts line by line, by their longest common subsequence. For files of a template, which have hundreds of lines:
 * it takes time and memory with the product of what differs.
 */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [one, other] = [before.split('\n'), after.split('\n')];
  let head = 0;
  while (head < one.length && head < other.length && one[head] === other[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(one.length, other.length) - head && one.at(-1 - tail) === other.at(-1 - tail)) tail += 1;
  const same = (lines: string[]): DiffLine[] => lines.map((text) => ({ sign: ' ', text }));
  return [
    ...same(one.slice(0, head)),
    ...changed(one.slice(head, one.length - tail), other.slice(head, other.length - tail)),
    ...same(one.slice(one.length - tail)),
  ];
}

function changed(one: string[], other: string[]): DiffLine[] {
  // common[i][j]: how many lines one from i on and other from j on have in common at most.
  const common = Array.from({ length: one.length + 1 }, () => new Uint32Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      common[i]![j] =
        one[i] === other[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && one[i] === other[j]) {
      lines.push({ sign: ' ', text: one[i]! });
      [i, j] = [i + 1, j + 1];
    } else if (j >= other.length || (i < one.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push({ sign: '-', text: one[i++]! });
    } else lines.push({ sign: '+', text: other[j++]! });
  }
  return lines;
}

/** Only what changed, with some lines around, as `diff -u` shows it. Empty when nothing did. */
export function unified(before: string, after: string, around = 2): string[] {
  const lines = lineDiff(before, after);
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some(({ sign }) => sign !== ' '),
  );
  return lines.flatMap(({ sign, text }, at) => {
    if (near[at]) return [`${sign}${text}`];
    return near[at - 1] && near.slice(at).includes(true) ? ['@@'] : [];
  });
}
