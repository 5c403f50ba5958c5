type Unit = 'second' | 'minute' | 'hour' | 'day' | 'week';

/** A length of time as Temporal reads it, such as `3 days`, or milliseconds. A month is none: they differ in length. */
export type Duration = `${number} ${Unit | `${Unit}s`}` | number;
