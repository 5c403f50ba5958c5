/**
 * A time zone as data: from which instant on (Unix ms) which offset holds (ms east of UTC), oldest first. A run gets it once
 * and keeps it in its history, so that a replay knows the same local times whatever zone data the worker has by then.
 */
export type Zone = readonly (readonly [from: number, offset: number])[];
