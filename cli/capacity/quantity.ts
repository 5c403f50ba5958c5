import { InvalidArgumentError } from 'commander';

import { duration } from '../../config/duration.ts';

const suffixes = { '': 1, k: 1e3, M: 1e6, G: 1e9 } as const;
const msPerDay = 86_400_000;

/** "100M" or "2.5k" as a number. */
export function quantity(text: string): number {
  const [, amount, suffix] = /^(\d+(?:\.\d+)?)([kMG]?)$/.exec(text) ?? [];
  if (amount === undefined) {
    throw new InvalidArgumentError('Use a number, optionally with k, M or G: 250, 2.5k, 100M.');
  }
  return Number(amount) * suffixes[suffix as keyof typeof suffixes];
}

/** "20%" as 0.2. Without the sign it would be unclear which of the two is meant. */
export function share(text: string): number {
  const [, amount] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('Use a percentage with its sign, such as 20%.');
  return Number(amount) / 100;
}

/** "30d" as 30. */
export function days(text: string): number {
  const { data, error } = duration.safeParse(text);
  if (error) throw new InvalidArgumentError('Use a duration, such as 36h or 30d.');
  return data / msPerDay;
}

const large = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'];

/** A count as people read it: 0.3, 47, 4,630, 13.2M. */
export function inWords(value: number): string {
  if (value === 0) return '0';
  if (value < 0.05) return 'under 0.1';
  if (value < 10) return String(Number(value.toFixed(1)));
  if (value < 9_999.5) return Math.round(value).toLocaleString('en-US');
  return withSuffix(value, large);
}

/** Bytes in powers of a thousand: 750 B, 80 GB. */
export function inBytes(value: number): string {
  return value < 999.5
    ? `${Math.round(value)} B`
    : withSuffix(value, [' B', ' KB', ' MB', ' GB', ' TB', ' PB', ' EB', ' ZB']);
}

export function inDollars(value: number): string {
  return `$${Math.round(value).toLocaleString('en-US')}`;
}

export function inPercent(value: number): string {
  return `${inWords(value * 100)} %`;
}

/** Three digits that count, and the suffix: 13.2M. Rounded first, so that 999,999 is 1M and not 1000k. */
function withSuffix(value: number, names: string[]): string {
  const rounded = Number(value.toPrecision(3));
  const power = Math.min(Math.floor(Math.log10(rounded) / 3), names.length - 1);
  return `${Number((rounded / 1_000 ** power).toPrecision(3))}${names[power]}`;
}
