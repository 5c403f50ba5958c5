import type { Queries } from './connect.ts';
import { statement } from './statement.ts';

const privileges = statement(import.meta.url, 'privileges.sql');

export interface Privileges {
  superuser: boolean;
  /** Such as `INSERT on send`. */
  missing: string[];
}

/** What the user of this connection may do. Needs the schema, and no privileges. */
export async function readPrivileges(queries: Queries): Promise<Privileges> {
  const [found] = await queries.query<Privileges>(privileges);
  return found ?? { superuser: false, missing: [] };
}

/** What is missing, and what to do; undefined when nothing is. */
export function whyNotPermitted({ missing }: Privileges): string | undefined {
  if (missing.length === 0) return undefined;
  const shown = missing.length > 6 ? [...missing.slice(0, 6), `and ${missing.length - 6} more`] : missing;
  return `The user of POSTGRES_URL lacks privileges: ${shown.join(', ')}. Run deploy/postgres/roles.sql, and connect as rivulet_app.`;
}
