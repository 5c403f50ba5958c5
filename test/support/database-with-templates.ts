import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { loadConfig } from '../../config/load.ts';
import { connectPostgres } from '../../store/postgres/connect.ts';
import { createTemplateVersions } from '../../store/postgres/template-versions.ts';
import { publishFirst } from '../../worker/first-templates.ts';
import { asAdmin, createDatabase } from './database.ts';
import { secret } from './secrets.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const withTemplates = 'rivulet_with_templates';

/**
 * A database with the product's schema and its email templates published, as a worker does on its first start anywhere: that compiles them all,
 * two seconds of a core. The first who asks makes what the others copy.
 */
export async function createDatabaseWithTemplates(serverUrl: string): Promise<string> {
  await asAdmin(serverUrl, `SELECT pg_advisory_lock(hashtext('${withTemplates}'))`, async (admin) => {
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [withTemplates]);
    if (rowCount !== 0) return;
    const unfinished = await createDatabase(serverUrl);
    const postgres = connectPostgres({ url: unfinished, connections: 1 });
    const versions = createTemplateVersions(postgres, { publish: async () => {}, subscribe: () => ({ close() {} }) });
    const { config } = loadConfig({ RIVULET_CONFIG: join(root, 'rivulet.yaml'), RIVULET_SECRET: secret });
    await publishFirst(versions, config, { info: () => undefined });
    await postgres.close();
    await admin.query(`ALTER DATABASE ${new URL(unfinished).pathname.slice(1)} RENAME TO ${withTemplates}`);
  });
  return createDatabase(serverUrl, withTemplates);
}
