import pg from 'pg';

import { whyUntrusted } from '../tls-failure.ts';
import { forgetPassword } from './password.ts';
import { connectionSettings, type PostgresServer } from './settings.ts';

type Settings = Omit<pg.ClientConfig, 'connectionString' | 'ssl' | 'password'>;

/**
 * Returns a class of connections to this server. Each new connection resolves the host name, and reads certificates and password
 * again: renewed or rotated ones are used from the next connection on, while open connections stay open.
 */
export function connectionTo(server: PostgresServer, settings: Settings): new () => pg.Client {
  const address = addressOf(server);
  return class extends pg.Client {
    readonly #unusable: unknown;

    constructor() {
      let unusable: unknown;
      let own: pg.ClientConfig = {};
      try {
        own = connectionSettings(server);
      } catch (error) {
        unusable = error;
      }
      super({ ...own, ...settings });
      this.#unusable = unusable;
    }

    override connect(): Promise<this>;
    override connect(done: (error: Error | null) => void): void;
    override connect(done?: (error: Error | null) => void): Promise<this> | void {
      const opened = this.#open();
      if (!done) return opened;
      // oxlint-disable-next-line promise/no-callback-in-promise -- the pool of pg passes a callback
      opened.then(() => done(null), done);
    }

    async #open(): Promise<this> {
      if (this.#unusable !== undefined) throw this.#unusable;
      try {
        await super.connect();
        return this;
      } catch (error) {
        // A failed login leaves its socket open.
        (this as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
        if (isRefused(error) && server.passwordCommand !== undefined) forgetPassword(server.passwordCommand);
        throw explain(error as Error & { code?: unknown }, address, server.variable);
      }
    }
  };
}

/** Opens a separate connection for as long as `use` takes. */
export async function withConnection<T>(
  server: PostgresServer,
  settings: Settings,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new (connectionTo(server, settings))();
  client.on('error', () => {}); // the statement under way rejects
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Host and port, without credentials. */
function addressOf(server: PostgresServer): string {
  const { host = 'localhost', port = 5432 } = connectionSettings({ url: server.url.replace(/\?.*/, '') });
  return `${host}:${port}`;
}

/** Whether Postgres refused the user, the password or the client certificate. */
export function isRefused(error: unknown): boolean {
  return ['28P01', '28000'].includes((error as { code?: string }).code ?? '');
}

/** The same error with a message for operators. It keeps its code, which callers check. */
function explain(error: Error & { code?: unknown }, address: string, variable = 'POSTGRES_URL'): Error {
  const wantsTls = isRefused(error) && /no encryption/.test(error.message);
  const why = wantsTls
    ? `refused a connection without TLS. Set sslmode=verify-full in ${variable}, or correct pg_hba.conf`
    : isRefused(error)
      ? `refused these credentials. Check the user and the password of ${variable}, or the client certificate, and pg_hba.conf`
      : error.message === 'The server does not support SSL connections'
        ? `offers no TLS. Turn on ssl on the server, or set sslmode=disable in ${variable}`
        : whyUntrusted(error, 'POSTGRES_CA');
  if (why === undefined) return error;
  return Object.assign(new Error(`Postgres at ${address} ${why}.`, { cause: error }), { code: error.code });
}
