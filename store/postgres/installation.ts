import { type Installation, secretCheck, type Secrets, whyRefused } from '../secret.ts';
import type { Queries } from './connect.ts';
import { statement } from './statement.ts';

const agree = statement(import.meta.url, 'installation-agree.sql');
const readIdentity = statement(import.meta.url, 'installation-identity.sql');
const read = statement(import.meta.url, 'installation-read.sql');

export function createInstallation(postgres: Queries): Installation {
  async function verify(secrets: Secrets): Promise<string | undefined> {
    const [row] = await postgres.query<InstallationRow>(read);
    if (!row) return undefined;
    const { secret_check, previous_check, is_rotating } = row;
    const known = { check: secret_check, ...(previous_check !== null && { previousCheck: previous_check }) };
    return whyRefused({ ...known, isRotating: is_rotating }, secrets);
  }
  return {
    verify,
    async identity() {
      const [row] = await postgres.query<{ identity: string }>(readIdentity);
      if (!row) throw new Error('the record has no installation yet');
      return row.identity;
    },
    async agree(secrets) {
      await postgres.query(agree, [secretCheck(secrets.secret)]);
      return verify(secrets);
    },
  };
}

interface InstallationRow {
  secret_check: string;
  previous_check: string | null;
  is_rotating: boolean;
}
