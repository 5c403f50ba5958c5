import type { Queries } from './connect.ts';
import type { Statement } from './statement.ts';

const pageSize = 1_000;

/** Reads keys page by page, in their order. The statement takes the last key of the page before, and how many it returns. */
export async function* pagesOf(queries: Queries, page: Statement): AsyncGenerator<string[]> {
  for (let after = ''; ;) {
    const rows = await queries.query<{ address_hash: string }>(page, [after, pageSize]);
    const last = rows.at(-1);
    if (last) yield rows.map(({ address_hash }) => address_hash);
    if (!last || rows.length < pageSize) return;
    after = last.address_hash;
  }
}
