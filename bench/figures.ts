/** Text in columns: the first to the left, the others to the right. */
export function columns(rows: string[][]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const line = (row: string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** The median of an even number is the mean of the two in the middle. Of none, all are NaN. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (index: number) => sorted[index] ?? NaN;
  const last = sorted.length - 1;
  return { median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2, min: at(0), max: at(last) };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** So many of them at most, spread evenly from the first on. */
export function sample<T>(all: readonly T[], most: number): T[] {
  const step = Math.max(1, all.length / most);
  return Array.from({ length: Math.min(all.length, most) }, (_, index) => all[Math.floor(index * step)]!);
}

/** "median (min to max)" of the rounds; of one round, the value alone. */
export function told(values: readonly number[], digits: number): string {
  const { median, min, max } = spread(values);
  const text = (value: number) => (Number.isNaN(value) ? '-' : value.toFixed(digits));
  return values.length < 2 ? text(median) : `${text(median)} (${text(min)} to ${text(max)})`;
}

/** The smallest value that `share` (0 to 1) of the values do not exceed. Of none, NaN. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** One mail, by when its journey asked for it and when it left. */
export interface Asked {
  askedAt: number;
  leftAt: number;
}

export interface Displacement {
  /** By how many places the mail furthest from its own left. */
  places: number;
  /** The longest that a mail left after one that had asked later, in the unit of `leftAt`. */
  overtakenBy: number;
}

/** How far the order of leaving is from the order of asking. Mails that asked in the same instant have no order among them. */
export function displacement(mails: readonly Asked[]): Displacement {
  const asked = mails.toSorted((one, other) => one.askedAt - other.askedAt || one.leftAt - other.leftAt);
  const left = asked.toSorted((one, other) => one.leftAt - other.leftAt);
  const placeOf = new Map(left.map((mail, place) => [mail, place]));
  const places = asked.reduce((most, mail, place) => Math.max(most, Math.abs(placeOf.get(mail)! - place)), 0);

  let [overtakenBy, firstOfLater] = [0, Infinity];
  for (const { leftAt } of asked.toReversed()) {
    overtakenBy = Math.max(overtakenBy, leftAt - firstOfLater);
    firstOfLater = Math.min(firstOfLater, leftAt);
  }
  return { places, overtakenBy };
}

/** One mail, by when its journey was due to wake, and when it left, both Unix ms. */
export interface Due {
  dueAt: number;
  leftAt: number;
}

export interface Overtaken {
  /** How many left behind somebody who was due that much later. */
  mails: number;
  /** The most of those who were due that much later and left before one mail all the same. */
  places: number;
  /** The longest that a mail left after the first of those, ms. */
  ms: number;
}

/**
 * How far those who were due first left behind those who were due later, by more than `marginMs`: within that, a timer and a
 * turn may well come in another order.
 */
export function overtaken(mails: readonly Due[], marginMs: number): Overtaken {
  const most = { mails: 0, places: 0, ms: 0 };
  for (const { dueAt, leftAt } of mails) {
    const before = mails.filter((other) => other.dueAt > dueAt + marginMs && other.leftAt < leftAt);
    if (before.length === 0) continue;
    most.mails += 1;
    most.places = Math.max(most.places, before.length);
    most.ms = before.reduce((longest, other) => Math.max(longest, leftAt - other.leftAt), most.ms);
  }
  return most;
}

/** How many of these instants (ms) lie in each whole second after `from`; the last second is left out when it is not whole. */
export function perSecond(instants: readonly number[], from: number, until: number): number[] {
  const counts = Array.from({ length: Math.floor((until - from) / 1_000) }, () => 0);
  for (const instant of instants) {
    const second = Math.floor((instant - from) / 1_000);
    if (counts[second] !== undefined) counts[second] += 1;
  }
  return counts;
}
