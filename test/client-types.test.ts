import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import type { Client, EventToPublish } from '../client/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

// Never called: the compiler reads it, and complains where a line marked as a mistake is none.
export async function mistakes(rivulet: Client): Promise<void> {
  const ids = { event_id: 'shop-1', user_id: 'u_42' };
  const payload = { order_id: 'o_7', total: 12.5, currency: 'EUR' };
  await rivulet.publish('order.completed', { ...ids, payload });
  await rivulet.publish('order.completed', { ...ids, timestamp: 1, payload: { ...payload, cart_id: 'c', items: [] } });
  await rivulet.publish('user.returned', { ...ids, payload: {}, metadata: { source: 'web' } });
  await rivulet.publish('consent.revoked', { ...ids, payload: { consent: { topics: ['*'] } } });
  await rivulet.publish('contact.updated', { ...ids, payload: { contact: { email: 'ada@example.com' } } });
  // @ts-expect-error -- no such type
  await rivulet.publish('order.complete', { ...ids, payload });
  // @ts-expect-error -- a required field is missing
  await rivulet.publish('order.completed', { ...ids, payload: { order_id: 'o_7', total: 12.5 } });
  // @ts-expect-error -- an amount is a number
  await rivulet.publish('order.completed', { ...ids, payload: { ...payload, total: '12.50' } });
  // @ts-expect-error -- no event_id
  await rivulet.publish('user.returned', { user_id: 'u_42', payload: {} });
  // @ts-expect-error -- a typo
  await rivulet.publish('user.signed_up', { ...ids, payload: { plna: 'pro' } });
  // @ts-expect-error -- a typo in a block
  await rivulet.publish('user.signed_up', { ...ids, payload: { contact: { mail: 'ada@example.com' } } });
  // @ts-expect-error -- consent to nothing
  await rivulet.publish('consent.granted', { ...ids, payload: { consent: { topics: [] } } });
  // @ts-expect-error -- no consent
  await rivulet.publish('consent.granted', { ...ids, payload: {} });
  // @ts-expect-error -- no contact
  await rivulet.publish('contact.updated', { ...ids, payload: {} });
  // @ts-expect-error -- a Date is no Unix time
  await rivulet.publish('user.returned', { ...ids, timestamp: new Date(), payload: {} });
}

it('the types say what is required', () => {
  const event: EventToPublish<'trial.started'> = {
    event_id: 'shop-1',
    user_id: 'u_42',
    payload: { trial_ends_at: 1_780_000_000_000 },
  };
  expect(event.payload.trial_ends_at).toBeGreaterThan(0);
});

it('`rivulet/client` is what the build makes, and Node loads it without a compiler', () => {
  const script = `import * as client from 'rivulet/client';
    const broken = client.connectClient({ nats: 'nats://127.0.0.1:1', timeoutMs: 50 });
    console.log(Object.keys(client).join(' '), (await broken.catch((error) => error)).name);`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: root }).toString();
  expect(printed.trim()).toBe(
    'InvalidEventError RefusedError UnavailableError connectClient drainOutbox relayOutbox UnavailableError',
  );
});
