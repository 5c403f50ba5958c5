/** One line of a comparison: in both, only in the left text, or only in the right one. */
export interface DiffLine {
  sign: ' ' | '-' | '+';
  text: string;
  /** Numbers from 1, where the line is in that text. */
  left?: number;
  right?: number;
}

/** Compared line by line, texts of more lines than this would take seconds. */
const mostLines = 3_000;

/** What has become of a text, by the longest common subsequence of its lines. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [left, right] = [linesOf(before), linesOf(after)];
  const start = commonStart(left, right);
  const end = commonEnd(left.slice(start), right.slice(start));
  const leftRest = left.slice(start, left.length - end);
  const rightRest = right.slice(start, right.length - end);
  const signs: DiffLine['sign'][] = [
    ...Array<' '>(start).fill(' '),
    ...signsOf(leftRest, rightRest),
    ...Array<' '>(end).fill(' '),
  ];
  let [l, r] = [0, 0];
  return signs.map((sign) => {
    const text = (sign === '+' ? right[r] : left[l]) ?? '';
    return {
      sign,
      text,
      ...(sign !== '+' && { left: ++l }),
      ...(sign !== '-' && { right: ++r }),
    };
  });
}

/** Only what changed, with some lines around, as `diff -u` shows it. Empty when nothing did. */
export function unified(before: string, after: string, around = 2): string[] {
  const lines = diffLines(before, after);
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some(({ sign }) => sign !== ' '),
  );
  return lines.flatMap(({ sign, text }, at) => {
    if (near[at]) return [`${sign}${text}`];
    return near[at - 1] && near.slice(at).includes(true) ? ['@@'] : [];
  });
}

/** A text that ends with a line break has no empty line after it. */
function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function commonStart(left: string[], right: string[]): number {
  let count = 0;
  while (count < left.length && count < right.length && left[count] === right[count]) count += 1;
  return count;
}

function commonEnd(left: string[], right: string[]): number {
  return commonStart(left.toReversed(), right.toReversed());
}

function signsOf(left: string[], right: string[]): DiffLine['sign'][] {
  if (left.length > mostLines || right.length > mostLines) {
    return [...left.map(() => '-' as const), ...right.map(() => '+' as const)];
  }
  // longest[l][r]: how many lines the rest from l and the rest from r have in common.
  const longest = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  const at = (l: number, r: number) => longest[l]?.[r] ?? 0;
  for (let l = left.length - 1; l >= 0; l -= 1) {
    for (let r = right.length - 1; r >= 0; r -= 1) {
      const row = longest[l] as Uint16Array;
      row[r] = left[l] === right[r] ? at(l + 1, r + 1) + 1 : Math.max(at(l + 1, r), at(l, r + 1));
    }
  }
  const signs: DiffLine['sign'][] = [];
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    if (l < left.length && r < right.length && left[l] === right[r]) {
      signs.push(' ');
      l += 1;
      r += 1;
    } else if (l < left.length && (r === right.length || at(l + 1, r) >= at(l, r + 1))) {
      signs.push('-');
      l += 1;
    } else {
      signs.push('+');
      r += 1;
    }
  }
  return signs;
}
