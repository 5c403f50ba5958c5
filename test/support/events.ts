import { randomUUID } from 'node:crypto';

/** People of the tests. Each test makes its own ada, so that tests can share servers. */
export function person(name: string): { user_id: string; email: string } {
  const user_id = `${name}_${randomUUID().slice(0, 8)}`;
  return { user_id, email: `${user_id}@example.com` };
}

type Payload = Record<string, unknown>;

export function event(event_type: string, user_id: string, payload: Payload = {}, more: Payload = {}) {
  return { event_id: randomUUID(), event_type, user_id, timestamp: Date.now(), payload, ...more };
}

export function signedUp({ user_id, email }: { user_id: string; email: string }, more: Payload = {}) {
  return event('user.signed_up', user_id, {
    contact: { email, name: 'Ada' },
    consent: { topics: ['onboarding', 'offers'], source: 'test' },
    ...more,
  });
}

export function orderCompleted({ user_id, email }: { user_id: string; email: string }, more: Payload = {}) {
  return event('order.completed', user_id, {
    order_id: 'o_1',
    total: 12.5,
    currency: 'EUR',
    contact: { email },
    ...more,
  });
}

export function projectCreated({ user_id }: { user_id: string }) {
  return event('project.created', user_id, { project_id: 'p_1' });
}
