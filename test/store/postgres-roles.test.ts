import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { withPostgres } from '../../cli/connect/postgres.ts';
import { openRecord } from '../../runtime/record.ts';
import { connectPostgres, type Postgres } from '../../store/postgres/connect.ts';
import { migrate } from '../../store/postgres/migrate.ts';
import { readPrivileges, whyNotPermitted } from '../../store/postgres/privileges.ts';
import { asRole, createDatabase, defineRoles, dropDatabase } from '../support/database.ts';
import { secret } from '../support/secrets.ts';

const day = 86_400_000;
const retention = { sendsMs: 60 * day, eventsMs: 30 * day };
const roles = ['rivulet_owner', 'rivulet_app', 'rivulet_reader'] as const;
const log = { warn: () => {} };

describe('the roles of deploy/postgres/roles.sql', () => {
  let url: string;
  const as = {} as Record<(typeof roles)[number] | 'admin', Postgres>;
  const run = (role: keyof typeof as, text: string) =>
    as[role].query<Record<string, unknown>>({ name: randomUUID(), text });

  beforeAll(async () => {
    url = await createDatabase(inject('servers').postgres, 'template0');
    await defineRoles(url);
    await defineRoles(url); // again changes nothing
    for (const role of roles) as[role] = connectPostgres({ url: asRole(url, role), connections: 2 });
    as.admin = connectPostgres({ url, connections: 1 });
    const server = { url: asRole(url, 'rivulet_owner') };
    await openRecord(as.rivulet_app, { server, secrets: { secret }, retention, provision: true }, log);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(Object.values(as).map((postgres) => postgres.close()));
    await dropDatabase(url);
  });

  it('the owner brings the schema up to date, and the product works as rivulet_app with no privilege missing', async () => {
    expect(await readPrivileges(as.rivulet_app)).toEqual({ superuser: false, missing: [] });
    const tables = await run('admin', `SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'`);
    expect(tables).toEqual([{ tableowner: 'rivulet_owner' }]);
  });

  it.each([
    'CREATE TABLE own ()',
    'DROP TABLE fact',
    'ALTER TABLE send ADD COLUMN own integer',
    'TRUNCATE fact',
    'DELETE FROM migration',
    `INSERT INTO migration (name, run_on) VALUES ('own', now())`,
  ])('rivulet_app may not: %s', async (text) => {
    await expect(run('rivulet_app', text)).rejects.toMatchObject({ code: '42501' });
  });

  it('a condition of a reader is applied after the filter of a view, so it sees no row that the view leaves out', async () => {
    const options = await run('admin', `SELECT reloptions FROM pg_class WHERE relname = 'report_stop'`);
    expect(options).toEqual([{ reloptions: ['security_barrier=true'] }]);
  });

  it('rivulet_reader reads the views of reports, which hold nothing about a person', async () => {
    const columns = await run(
      'rivulet_reader',
      `SELECT table_name, column_name FROM information_schema.columns
       WHERE table_schema = 'public' AND table_name LIKE 'report\\_%' ORDER BY 1, 2`,
    );
    const views = [...new Set(columns.map(({ table_name }) => String(table_name)))];
    expect(views.length).toBeGreaterThan(5);
    for (const view of views) await run('rivulet_reader', `SELECT * FROM ${view}`);
    const personal = /user_id|email|address|hash|message_key|event_id|details?$|payload|personal|author/;
    expect(columns.filter(({ column_name }) => personal.test(String(column_name)))).toEqual([]);
  });

  it('rivulet_reader reads no table and writes nothing', async () => {
    for (const { tablename } of await run('admin', `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)) {
      await expect(run('rivulet_reader', `SELECT * FROM ${String(tablename)}`)).rejects.toMatchObject({
        code: '42501',
      });
    }
    await run('rivulet_reader', 'SET default_transaction_read_only = off');
    const write = `INSERT INTO report_template (name, live) VALUES ('a', 'b')`;
    await expect(run('rivulet_reader', write)).rejects.toMatchObject({
      code: expect.stringMatching(/^(42501|25006)$/),
    });
  });

  it('a privilege that is missing is named: at the start of a process, and when a command meets it', async () => {
    await run('admin', 'REVOKE DELETE ON stop, person FROM rivulet_app');
    const server = { url: asRole(url, 'rivulet_owner') };
    const opening = openRecord(as.rivulet_app, { server, secrets: { secret }, retention, provision: false }, log);
    await expect(opening).rejects.toMatchObject({ name: 'StartError' });
    await expect(opening).rejects.toThrow(
      /lacks privileges: DELETE on person, DELETE on stop\. Run deploy\/postgres\/roles\.sql/,
    );
    const command = withPostgres({ POSTGRES_URL: asRole(url, 'rivulet_app') }, (postgres) =>
      postgres.query({ name: 'denied', text: 'DELETE FROM stop' }),
    );
    await expect(command).rejects.toThrow(
      /^Postgres refuses this: permission denied for table stop\. The user of POSTGRES_URL needs/,
    );
    await defineRoles(url); // grants on what exists already
    expect(whyNotPermitted(await readPrivileges(as.rivulet_app))).toBeUndefined();
  });

  it('may be defined after the first migration too', async () => {
    const later = await createDatabase(inject('servers').postgres, 'template0');
    await migrate({ url: later }, retention);
    await defineRoles(later);
    const [app, reader] = (['rivulet_app', 'rivulet_reader'] as const).map((role) =>
      connectPostgres({ url: asRole(later, role) }),
    );
    expect(await readPrivileges(app!)).toEqual({ superuser: false, missing: [] });
    expect(await reader!.query({ name: 'sends', text: 'SELECT count(*)::int AS sends FROM report_send' })).toEqual([
      { sends: 0 },
    ]);
    await Promise.all([app!.close(), reader!.close()]);
    await dropDatabase(later);
  }, 30_000);
});
