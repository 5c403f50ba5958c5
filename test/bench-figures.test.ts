import { expect, test } from 'vitest';

import { machineCpuMs, processCpuMs } from '../bench/cpu.ts';
import { mistakesIn } from '../bench/product-run.ts';
import { columns } from '../bench/report.ts';

test('the CPU time of a process is read past a name with spaces and brackets', () => {
  const stat = '71 (node (ada) x) S 1 71 71 0 -1 4194560 900 0 0 0 250 31 0 0 20 0 11 0 8000';
  expect(processCpuMs(stat)).toBe(2_810);
});

test('the CPU time of the machine leaves out idling and waiting for disks', () => {
  expect(machineCpuMs('cpu  100 2 30 5000 400 1 7 9 0 0\ncpu0 1 1 1 1')).toBe(1_400);
});

test('a mail that is missing and one that came twice are both told, though the sum is right', () => {
  const stats = { accepted: 3, byTag: { ada: 2, grace: 1 }, keysNotCounted: 0 };
  expect(mistakesIn(stats, 3)).toEqual(['2 different mails instead of 3', '1 mails were accepted more than once']);
  expect(mistakesIn({ accepted: 2, byTag: { ada: 1, grace: 1 }, keysNotCounted: 0 }, 2)).toEqual([]);
});

test('columns line up', () => {
  expect(
    columns([
      ['', 'floor'],
      ['per second', '7'],
    ]),
  ).toBe('            floor\nper second      7');
});
