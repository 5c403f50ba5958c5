import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import type { EventType } from '../../events/index.ts';
import { eventTypes } from '../../events/index.ts';
import type { FaultAction } from '../../local/ses/faults.ts';
import { event } from '../support/events.ts';
import { payloadsOf } from '../support/payloads.ts';
import { sesEvent } from '../support/ses-events.ts';
import { type ProductProcess, startSystem, type System } from '../support/system.ts';

/**
 * A marked person in every field of every event, in everything that the provider answers and reports, and in every spelling in
 * which others repeat an address. Then everything is searched that is kept longer, or read by more people, than personal data may.
 */
const name = 'Zebulon Quackenbush';
const address = (n: number | string) => `zq.secret+${n}@example.com`;
const encodedName = Buffer.from(name).toString('base64');

/** Any of these in a sink is a hit; sinks are folded before. */
const needles = ['zebulon', 'quackenb', 'zq.secret', 'zq%2esecret', 'zq%secret', '555-0177', encodedName.toLowerCase()];

const spellings = [
  `Invalid display name ${name}`,
  `Mailbox of <${address('said')}> does not exist`,
  'no such user zq.secret%40example.com',
  'no such user zq.secret\uff20example.com',
  'no such user "zq.secret"@example.com',
  'no such user zq.secret @ example.com',
  'no such user zq.secret',
  `no such user =?utf-8?b?${encodedName}?=`,
  'no such user =?utf-8?q?zq.secret=40example.com?=',
  `called by ${name} from 555-0177`,
  `${'x'.repeat(600)} ${address('said')}`,
];

let system: System;
let worker: ProductProcess;
let ingress: ProductProcess;
const runs: string[] = [];
const addresses: string[] = [];

beforeAll(async () => {
  system = await startSystem(inject('servers'), { settleAfter: '5s', probeEvery: '1s' });
  system.ses.suppressionList.put(address('listed'), 'BOUNCE');
  const listBroke = {
    type: 'error',
    name: 'InternalFailure',
    status: 500,
    message: `broke at ${address('listed')}`,
  } as const;
  system.ses.faults.add({ match: { operation: 'ListSuppressedDestinations' }, action: listBroke });
  [ingress, worker] = await Promise.all([
    system.startIngress({ LOG_LEVEL: 'debug' }),
    system.startWorker({ LOG_LEVEL: 'debug' }),
  ]);
});
afterAll(() => system.stop());

/** Publishes an event and waits until ingress has processed it. */
async function publish(type: EventType, payload: object, user = `u_${randomUUID()}`): Promise<string> {
  const said = {
    source: `${name} called from 555-0177`,
    region: 'zq.secret%40example.com',
    note: name,
    'zq.secret': name,
  };
  const { event_id, ...rest } = event(type, user, { ...payload }, { metadata: said });
  await system.publish({ event_id, ...rest });
  await expect.poll(() => ingress.output(), { timeout: 30_000 }).toContain(event_id);
  return event_id;
}

const contact = (n: number | string) => ({
  email: address(n),
  name,
  locale: 'en-x-zebulon',
  time_zone: 'Europe/Berlin',
  country: 'DE',
});
const consent = {
  topics: ['onboarding', 'offers', `topic of ${address('topic')}`],
  source: `form of ${name}`,
  wording: `I, ${name}, agree`,
  actor: name,
  locale: 'en-x-zebulon',
  ip: '192.0.2.1',
  user_agent: `${name}'s browser`,
  evidence: address('evidence'),
};
const items = [{ name: `Mug for ${name}`, quantity: 1, price: 5 }];

/** By type, what its own fields hold: personal ones all the person, public ones what a careless producer may put there. */
const payloads: Readonly<Record<EventType, object>> = {
  'user.signed_up': { plan: `${name} <${address('plan')}>` },
  'project.created': { project_id: 'p_1', name: `Project of ${name}` },
  'order.completed': { order_id: 'o_1', total: 12.5, currency: 'EUR', items, cart_id: address('cart') },
  'cart.abandoned': {
    cart_id: 'c_1',
    total: 500,
    currency: 'EUR',
    items,
    url: `https://shop.example.com/${address('url')}`,
  },
  'trial.started': { trial_ends_at: Date.now() + 20 * 86_400_000, plan: 'zq.secret%40example.com' },
  'trial.extended': { trial_ends_at: Date.now() + 30 * 86_400_000, plan: 'zq.secret\uff20example.com' },
  'user.became_inactive': { last_seen_at: Date.now() },
  'user.returned': { last_seen_at: Date.now() },
  'consent.requested': {},
  'consent.granted': { request: address('request') },
  'consent.revoked': {},
  'contact.updated': {},
};

const handle = (id: string) => system.client.workflow.getHandle(id);

/** Whether a run has come as far as it does by itself: it has ended, it waits for something, or its email waits. */
async function isSettled(id: string): Promise<boolean> {
  const { raw, status } = await handle(id).describe();
  if (status.name !== 'RUNNING') return true;
  return raw.pendingActivities?.some(({ lastFailure }) => lastFailure) ?? false;
}

/** Everything of a run that Temporal shows: inputs, signals, results, failures, summaries, search attributes, memo. */
async function shownOf(id: string): Promise<string> {
  const [history, { raw }] = await Promise.all([handle(id).fetchHistory(), handle(id).describe()]);
  return [history, raw].flatMap((part) => [JSON.stringify(part), ...payloadsOf(part)]).join('\n');
}

/** The lines of a text that say who the person is. */
function hits(where: string, text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const folded = line.normalize('NFKC').toLowerCase();
    const found = needles.filter((needle) => folded.includes(needle));
    return found.map(
      (needle) => `${where}: ${needle} in ${line.slice(Math.max(0, folded.indexOf(needle) - 80)).slice(0, 200)}`,
    );
  });
}

/** Every key below a prefix with what it holds, whatever its type. */
async function redisContent(prefix: string): Promise<string> {
  const { redis } = system;
  const lines: string[] = [];
  for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 500);
    cursor = next;
    for (const key of keys) lines.push(`${key} ${JSON.stringify(await valueOf(key))}`);
  }
  return lines.join('\n');
}

async function valueOf(key: string): Promise<unknown> {
  const { redis } = system;
  const type = await redis.type(key);
  switch (type) {
    case 'hash':
      return redis.hgetall(key);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return redis.get(key);
  }
}

/** The provider's answer to the email of one order. The order has no items, so that its email needs nothing that is personal. */
async function orderMeeting(n: string, action: FaultAction, times?: number): Promise<void> {
  addresses.push(address(n));
  system.ses.faults.add({ match: { to: address(n) }, action, ...(times !== undefined && { times }) });
  const id = await publish('order.completed', { order_id: 'o_1', total: 1, currency: 'EUR', contact: contact(n) });
  runs.push(id);
  await expect.poll(() => isSettled(id), { timeout: 30_000, message: `the email of ${n}` }).toBe(true);
}

describe('a marked person', () => {
  it('is in every field of every event', async () => {
    for (const [index, type] of (Object.keys(eventTypes) as EventType[]).entries()) {
      const user = `u_${randomUUID()}`;
      addresses.push(address(index));
      const who = { contact: contact(index), consent };
      runs.push(await publish(type, { ...payloads[type], ...who }, user));
      if (type === 'user.signed_up') await publish('project.created', payloads['project.created'], user);
      if (type === 'cart.abandoned') await publish('order.completed', { ...payloads['order.completed'] }, user);
      if (type === 'trial.started') await publish('trial.extended', payloads['trial.extended'], user);
      await publish('consent.revoked', { consent: { ...consent, topics: ['offers', name] } }, user);
    }
  });

  it('is in whatever the provider answers', async () => {
    const refused = (message: string, type = 'BadRequestException', status = 400): FaultAction => ({
      type: 'error',
      name: type,
      status,
      message,
    });
    for (const [index, text] of spellings.entries()) {
      await orderMeeting(`refused-${index}`, refused(text));
      await orderMeeting(`throttled-${index}`, refused(`Service is busy. ${text}`, 'ThrottlingException', 429), 1);
    }
    const text = spellings.join(' ');
    await orderMeeting('ambiguous', refused(text, 'InternalFailure', 500), 1);
    await orderMeeting('unavailable', refused(text, 'ServiceUnavailable', 503), 1);
    await orderMeeting('unknown-name', refused(text, 'ZebulonQuackenbush', 418), 1);
    await orderMeeting(
      'unverified',
      refused(`Email address is not verified in region X: ${text}`, 'MessageRejected'),
      1,
    );
    await orderMeeting('lost', { type: 'reset-after-accept' }, 1);
    await orderMeeting('html', { type: 'html-error', status: 502 }, 1);
    await orderMeeting(
      'suspended',
      refused(`Suspended after mail to ${name}. ${text}`, 'AccountSuspendedException'),
      1,
    );
  });

  it('is in whatever the provider reports', async () => {
    const to = address(0);
    const bounce = sesEvent.bounce({ to }, 'Permanent', `NoEmail ${name}`, '5.1.1');
    const complaint = sesEvent.complaint({ to: address(1) }, `abuse by ${name}`, [address(1)], address(1));
    const reports = [bounce, complaint, sesEvent.delay({ to: address(2) }, `of ${name}`)];
    const mail = (complaint as { mail: object }).mail;
    const topics = { topicSubscriptionStatus: [{ topicName: `of ${name}`, subscriptionStatus: 'OptOut' }] };
    const more = [
      { eventType: 'Subscription', mail, subscription: { newTopicPreferences: topics } },
      { eventType: 'Reject', mail, reject: { reason: `virus for ${name}` } },
      { eventType: `Hello ${name}`, mail },
    ];
    for (const report of [...reports, ...more]) {
      await system.stream.js.publish('marketing.feedback.ses', JSON.stringify(report));
    }
    const { addressHash } = system.store;
    for (const each of [to, address(1)]) {
      const id = `recipient/${addressHash(each)}`;
      await expect
        .poll(
          () =>
            handle(id)
              .describe()
              .then(
                () => true,
                () => false,
              ),
          { timeout: 30_000 },
        )
        .toBe(true);
      runs.push(id);
    }
    for (const each of addresses) {
      const id = `recipient/${addressHash(each)}`;
      if (
        !runs.includes(id) &&
        (await handle(id)
          .describe()
          .then(
            () => true,
            () => false,
          ))
      )
        runs.push(id);
    }
  });
});

describe('says who they are', () => {
  it('nothing in Temporal', async () => {
    const schedule = await system.client.schedule
      .getHandle('suppression-sync')
      .describe()
      .catch(() => undefined);
    const syncs = schedule?.info.recentActions.map(({ action }) => action.workflow.workflowId) ?? [];
    const started: string[] = [];
    for (const id of [...runs, ...syncs]) {
      const shown = await shownOf(id).catch(() => undefined); // some of these events start nothing
      if (shown !== undefined) started.push(...hits(id, shown));
    }
    expect(started).toEqual([]);
  });

  it('no log line', () => {
    expect([...hits('ingress', ingress.output()), ...hits('worker', worker.output())]).toEqual([]);
  });

  it.each(['/readyz', '/metrics', '/healthz'])('nothing on %s', async (path) => {
    for (const { url } of [worker, ingress]) {
      expect(hits(`${url}${path}`, await (await fetch(`${url}${path}`)).text())).toEqual([]);
    }
  });

  it('no search attribute and no memo in a list of runs', async () => {
    const listed: string[] = [];
    for await (const { workflowId, searchAttributes, memo } of system.client.workflow.list()) {
      listed.push(...hits(workflowId, JSON.stringify([workflowId, searchAttributes, memo])));
    }
    expect(listed).toEqual([]);
  });

  it('nothing in Redis', async () => {
    expect(hits('redis', await redisContent('no-personal-data:'))).toEqual([]);
  });
});
