import { describe, expect, it } from 'vitest';

import { diffLines, unified } from '../templates/line-diff.ts';

describe('a comparison of lines', () => {
  const shown = (before: string, after: string) =>
    diffLines(before, after).map(({ sign, text, left, right }) => `${sign}${text} ${left ?? ''}/${right ?? ''}`);

  it('keeps what is common, with the numbers of both', () => {
    expect(shown('a\nb\nc\nd\n', 'a\nx\nc\nd\ne\n')).toEqual([' a 1/1', '-b 2/', '+x /2', ' c 3/3', ' d 4/4', '+e /5']);
    expect(shown('', 'a\n')).toEqual(['+a /1']);
    expect(shown('a\n', 'a\n')).toEqual([' a 1/1']);
  });

  it('shows only what changed, with two lines around', () => {
    const before = Array.from({ length: 12 }, (_, index) => `line ${index}`).join('\n');
    const after = before.replace('line 1\n', 'line one\n').replace('line 10', 'line ten');
    expect(unified(before, after)).toEqual([
      ' line 0',
      '-line 1',
      '+line one',
      ' line 2',
      ' line 3',
      '@@',
      ' line 8',
      ' line 9',
      '-line 10',
      '+line ten',
      ' line 11',
    ]);
    expect(unified(before, before)).toEqual([]);
  });
});
