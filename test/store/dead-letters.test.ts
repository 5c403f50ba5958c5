import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { DeadLetters } from '../../store/dead-letters.ts';
import { createDeadLetters as inMemory } from '../../store/memory/dead-letters.ts';
import { createDeadLetters } from '../../store/postgres/dead-letters.ts';
import { ownDatabase } from '../support/database.ts';

const database = ownDatabase();

describe.each([
  ['Postgres', () => createDeadLetters(database.postgres)],
  ['memory', inMemory],
])('dead letters in %s', (_, create: () => DeadLetters) => {
  it('are known once they are written, and may be marked twice', async () => {
    const letters = create();
    const id = randomUUID();
    expect(await letters.isWritten(id)).toBe(false);
    await letters.markWritten(id);
    await letters.markWritten(id);
    expect(await letters.isWritten(id)).toBe(true);
    expect(await letters.isWritten(randomUUID())).toBe(false);
  });
});
