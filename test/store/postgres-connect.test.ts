import { describe, expect, it } from 'vitest';

import { connectPostgres } from '../../store/postgres/connect.ts';
import { ownDatabase } from '../support/database.ts';

const database = ownDatabase();

describe('a connection that ends while it is in use', () => {
  it('rejects the transaction between whose statements it ended, and nothing else', async () => {
    const errors: string[] = [];
    const postgres = connectPostgres({ url: database.url, onError: ({ message }) => errors.push(message) });
    const work = postgres.transaction(async ({ query }) => {
      const [own] = await query<{ pid: number }>({ name: 'own-pid', text: 'SELECT pg_backend_pid() AS pid' });
      await database.postgres.query({ name: 'end-it', text: 'SELECT pg_terminate_backend($1::int)' }, [own!.pid]);
      // An error event without a listener would end this process here.
      await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThan(0);
      return query({ name: 'one', text: 'SELECT 1' });
    });
    await expect(work).rejects.toThrow();
    expect(await postgres.query({ name: 'works', text: 'SELECT 1 AS works' })).toEqual([{ works: 1 }]);
    await postgres.close();
  });
});
