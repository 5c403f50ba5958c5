import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { provisionNats } from '../ingress/nats.ts';
import { parseEvent } from '../events/parse.ts';

const servers = inject('servers');
const nobody = 'nats://127.0.0.1:1';
let nats: NatsConnection;
let folder: string;

beforeAll(async () => {
  nats = await connect({ servers: servers.nats });
  const manager = await jetstreamManager(nats);
  // Ingress makes the streams at its start; here none is running.
  await provisionNats(
    { manager },
    {
      events: 'MARKETING_EVENTS',
      deadLetters: 'MARKETING_DLQ',
      maxAgeMs: 604_800_000,
      maxAckPending: 1_000,
      retries: 'MARKETING_RETRY',
    },
  );
  folder = mkdtempSync(join(tmpdir(), 'rivulet-cli-'));
});
afterAll(async () => {
  await nats.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  code: number;
  out: string;
  err: string;
}

function rivulet(args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const bin = fileURLToPath(new URL('../cli/rivulet.mjs', import.meta.url));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { env: { ...process.env, NATS_URL: servers.nats, TEMPORAL_ADDRESS: servers.temporal, ...env } },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

/** What stands in the stream at the sequence that the command printed. */
async function published({ out }: Ran) {
  const seq = Number(/#(\d+)/.exec(out)?.[1]);
  const message = await (await jetstreamManager(nats)).streams.getMessage('MARKETING_EVENTS', { seq });
  return {
    subject: message?.subject,
    bytes: message?.data ?? new Uint8Array(),
    id: message?.header.get('Nats-Msg-Id'),
  };
}

describe('rivulet publish', () => {
  it('publishes an event that ingress will take, with the consent that goes with an address', async () => {
    const ran = await rivulet([
      'publish',
      'user.signed_up',
      '--user',
      'u_1',
      '--email',
      'ada@example.com',
      '--set',
      'plan=pro',
    ]);
    expect(ran.code).toBe(0);
    const { subject, bytes, id } = await published(ran);
    expect(subject).toBe('marketing.events.user.signed_up');
    const result = parseEvent(bytes);
    expect(result).toMatchObject({
      ok: true,
      parsed: {
        event: { event_id: id, user_id: 'u_1', payload: { plan: 'pro' } },
        contact: { email: 'ada@example.com' },
        consent: { topics: ['onboarding', 'offers'] },
      },
    });
    expect(ran.out).toContain(`/namespaces/rivulet/workflows/${id}`);
  });

  it('reads numbers as numbers and ids as text', async () => {
    const ran = await rivulet([
      'publish',
      'order.completed',
      '--user',
      'u_1',
      '--set',
      'order_id=7',
      '--set',
      'total=12.5',
      '--set',
      'currency=EUR',
    ]);
    const result = parseEvent((await published(ran)).bytes);
    expect(result).toMatchObject({
      ok: true,
      parsed: { event: { payload: { order_id: '7', total: 12.5, currency: 'EUR' } } },
    });
  });

  it('publishes a file byte for byte', async () => {
    const file = join(folder, 'event.json');
    const text = `{ "event_id": "file-1",\n "event_type": "project.created", "user_id": "u_1", "timestamp": ${Date.now()}, "payload": {"project_id": "p"} }`;
    writeFileSync(file, text);
    const ran = await rivulet(['publish', '--file', file]);
    expect(Buffer.from((await published(ran)).bytes).toString()).toBe(text);
    expect((await rivulet(['publish', '--file', file])).out).toContain('already published');
  });

  it.each([
    ['an unknown event type', ['publish', 'user.signup', '--user', 'u_1'], 'user.signed_up, project.created'],
    ['no user', ['publish', 'user.signed_up'], '--user'],
    ['an address as user', ['publish', 'user.signed_up', '--user', 'ada@example.com'], 'user_id'],
    ['an order without a total', ['publish', 'order.completed', '--user', 'u_1'], 'payload.total'],
    ['a --set without =', ['publish', 'user.signed_up', '--user', 'u_1', '--set', 'plan'], 'field=value'],
    ['a file that does not exist', ['publish', '--file', 'no-such.json'], 'no-such.json'],
    ['a mistyped option', ['publish', 'user.signed_up', '--usr', 'u_1'], '--user'],
    ['a mistyped command', ['publsh'], 'publish'],
    ['a user id with a blank', ['runs', '--user', 'u 1'], 'user id'],
    [
      'an address that is none',
      ['publish', 'user.signed_up', '--user', 'u_1', '--email', 'ada@'],
      'payload.contact.email',
    ],
    ['a slip', ['publish', 'user.signed_up', '--user', 'u_1', '--set', 'plna=pro'], 'did you mean "plan"?'],
  ])('%s: exit code 2, and the message says what would be right', async (_, args, says) => {
    const { code, out, err } = await rivulet(args);
    expect(code).toBe(2);
    expect(err).toContain(says);
    expect(out).toBe('');
  });

  it('says which server is away, and exits with 1', async () => {
    const { code, err } = await rivulet(['publish', 'user.signed_up', '--user', 'u_1'], { NATS_URL: nobody });
    expect(code).toBe(1);
    expect(err).toContain('NATS does not answer at 127.0.0.1:1');
    expect(err).not.toContain(' at '.concat('file:'));
  });
});

describe('rivulet runs', () => {
  it('says so when a person has none', async () => {
    const { code, out } = await rivulet(['runs', '--user', 'nobody_1']);
    expect([code, out]).toEqual([0, 'nobody_1 has no runs. Events start them: rivulet publish --help\n']);
  });

  it('names Temporal when it is away', async () => {
    const { code, err } = await rivulet(['runs', '--user', 'u_1'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(code).toBe(1);
    expect(err).toContain('Temporal does not answer at 127.0.0.1:1');
  });
});
