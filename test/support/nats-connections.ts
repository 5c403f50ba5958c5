import { afterEach, expect } from 'vitest';

import type { NatsVariables } from '../../config/nats-access.ts';
import { connectNats, type JetStream } from '../../runtime/nats-connection.ts';

interface Logged {
  level: string;
  event: string;
  reason?: string;
}

/** Connects as an ingress does, closes everything after each test, and keeps what would have been logged since the last connection. */
export function natsConnections() {
  let logged: Logged[] = [];
  let open: JetStream[] = [];
  afterEach(async () => {
    for (const { connection } of open) await connection.close();
    open = [];
  });
  const write = (level: string) => (fields: object, event: string) => void logged.push({ level, event, ...fields });
  const log = { info: write('info'), warn: write('warn'), error: write('error') } as Parameters<typeof connectNats>[2];

  async function connectAs(variables: NatsVariables): Promise<JetStream> {
    logged = [];
    const stream = await connectNats(variables, 'ingress', log);
    open.push(stream);
    return stream;
  }

  /** Why these variables give no connection. */
  async function refusal(variables: NatsVariables): Promise<string> {
    const error = await connectAs(variables).then(
      () => new Error('it was let in'),
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ name: 'StartError' });
    return error.message;
  }

  return { connectAs, refusal, events: (event: string) => logged.filter((line) => line.event === event) };
}

export const within = { timeout: 20_000, interval: 20 };
