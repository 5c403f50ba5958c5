import { setImmediate as turn } from 'node:timers/promises';

import { errors, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { provisionNats } from '../ingress/nats.ts';
import { natsLogin } from '../local/servers/nats.ts';
import { natsAccess, openNats } from '../runtime/nats-connection.ts';
import { connectTo } from './support/connect-to.ts';
import { markdownTable } from './support/markdown-table.ts';
import { type StartedNats, startOwnNats, streamSettings } from './support/own-nats.ts';

const roles = ['ingress', 'producer', 'cli-read-only', 'cli-operator', 'ses-stand-in'] as const;
type Role = (typeof roles)[number];

/** Whose replies a role gets. */
const inboxes: Record<Role, string> = {
  ingress: 'ingress',
  producer: '',
  'cli-read-only': 'cli',
  'cli-operator': 'cli',
  'ses-stand-in': 'ses',
};

const api = '$JS.API';
/** What a role may do, by subject. A consumer `x` and a message 0 do not exist, so that what is allowed has no effect. */
const publishes: [what: string, subject: string][] = [
  ['an event', 'marketing.events.order.completed'],
  ['an event about consent', 'marketing.events.consent.granted'],
  ['an event on the bare subject', 'marketing.events'],
  ['feedback of SES', 'marketing.feedback.ses.bounce'],
  ['feedback of SES, bare', 'marketing.feedback.ses'],
  ['other feedback', 'marketing.feedback.other'],
  ['a retry', 'marketing.retry.opt-outs.event'],
  ['a dead letter', 'marketing.dlq.invalid_json'],
  ['any other subject', 'orders.created'],
  ['read: the events stream', `${api}.STREAM.INFO.MARKETING_EVENTS`],
  ['read: the dead letters stream', `${api}.STREAM.INFO.MARKETING_DLQ`],
  ['read: all streams', `${api}.STREAM.LIST`],
  ['read: a message', `${api}.STREAM.MSG.GET.MARKETING_EVENTS`],
  ['read: messages, directly', `${api}.DIRECT.GET.MARKETING_EVENTS`],
  ['read: a retry', `${api}.STREAM.MSG.GET.MARKETING_RETRY`],
  ['read: a dead letter', `${api}.STREAM.MSG.GET.MARKETING_DLQ`],
  ['read: a consumer', `${api}.CONSUMER.INFO.MARKETING_EVENTS.x`],
  ['take: the next event', `${api}.CONSUMER.MSG.NEXT.MARKETING_EVENTS.x`],
  ['take: the next retry', `${api}.CONSUMER.MSG.NEXT.MARKETING_RETRY.x`],
  ['take: the next dead letter', `${api}.CONSUMER.MSG.NEXT.MARKETING_DLQ.x`],
  ['acknowledge an event', '$JS.ACK.MARKETING_EVENTS.x.1.1.1.1.0'],
  ['acknowledge a retry', '$JS.ACK.MARKETING_RETRY.x.1.1.1.1.0'],
  ['acknowledge an event of another account or domain', '$JS.ACK._.hash.MARKETING_EVENTS.x.1.1.1.1.0.token'],
  ['create: the events stream', `${api}.STREAM.CREATE.MARKETING_EVENTS`],
  ['create: another stream', `${api}.STREAM.CREATE.OTHER`],
  ['create: a consumer of events', `${api}.CONSUMER.DURABLE.CREATE.MARKETING_EVENTS.x`],
  ['create: an ephemeral consumer of events', `${api}.CONSUMER.CREATE.MARKETING_EVENTS.x`],
  ['create: an ephemeral consumer of dead letters', `${api}.CONSUMER.CREATE.MARKETING_DLQ.x`],
  ['change: the events stream', `${api}.STREAM.UPDATE.MARKETING_EVENTS`],
  ['delete: a consumer of events', `${api}.CONSUMER.DELETE.MARKETING_EVENTS.x`],
  ['delete: an event', `${api}.STREAM.MSG.DELETE.MARKETING_EVENTS`],
  ['delete: a dead letter', `${api}.STREAM.MSG.DELETE.MARKETING_DLQ`],
  ['delete: all events', `${api}.STREAM.PURGE.MARKETING_EVENTS`],
  ['delete: the events stream', `${api}.STREAM.DELETE.MARKETING_EVENTS`],
];
const subscribes: [what: string, subject: string][] = [
  ['to its own replies', ''],
  ['to the replies of an ingress', '_INBOX_ingress.x'],
  ['to the replies of a command', '_INBOX_cli.x'],
  ['to the replies of a producer', '_INBOX.x'],
  ['to feedback', 'marketing.feedback.>'],
  ['to events', 'marketing.events.>'],
  ['to everything', '>'],
];

let nats: StartedNats;
const connections = new Map<Role, NatsConnection>();

beforeAll(async () => {
  nats = await startOwnNats();
  const stream = await connectTo(nats.url);
  await provisionNats(stream, streamSettings);
  await stream.connection.close();
  for (const role of roles) connections.set(role, await openNats(natsAccess(natsLogin(role, nats.url)), 'test'));
}, 60_000);
afterAll(async () => {
  for (const connection of connections.values()) await connection.close();
  await nats.stop();
});

/** Tries a subject and returns what the server refused. It answers in order: a refusal comes before the reply to a flush. */
async function refusedFor(role: Role, attempt: (connection: NatsConnection) => void): Promise<string[]> {
  const connection = connections.get(role)!;
  const statuses = connection.status();
  const refused: string[] = [];
  void (async () => {
    for await (const status of statuses) {
      if (status.type === 'error' && status.error instanceof errors.PermissionViolationError) {
        refused.push(status.error.subject);
      }
    }
  })();
  attempt(connection);
  await connection.flush();
  await turn();
  return refused;
}

async function row(what: string, subject: string, attempt: (subject: string, connection: NatsConnection) => void) {
  const cells = [];
  for (const role of roles) {
    const tried = subject || `${['_INBOX', inboxes[role]].filter(Boolean).join('_')}.x`;
    const refused = await refusedFor(role, (connection) => attempt(tried, connection));
    expect(refused.every((each) => each === tried)).toBe(true);
    cells.push(refused.length === 0 ? 'yes' : '-');
  }
  return [what, subject && `\`${subject}\``, ...cells];
}

it('each role may do what the table says, as tried against the server', async () => {
  const lines: string[][] = [];
  for (const [what, subject] of publishes) {
    lines.push(await row(what, subject, (tried, connection) => connection.publish(tried, '{"seq":0}')));
  }
  for (const [what, subject] of subscribes) {
    const attempt = (tried: string, connection: NatsConnection) =>
      connection.subscribe(tried, { callback: () => {} }).unsubscribe();
    lines.push(await row(`subscribe ${what}`, subject, attempt));
  }
  const allowed = (role: Role) =>
    lines.filter((line) => line[roles.indexOf(role) + 2] === 'yes').map(([what = '']) => what);

  expect(allowed('producer')).toEqual([
    'an event',
    'an event about consent',
    'subscribe to its own replies',
    'subscribe to the replies of a producer',
  ]);
  expect(allowed('ses-stand-in')).toEqual(['feedback of SES', 'feedback of SES, bare', 'subscribe to its own replies']);
  // An operator may do more than a reader, and nothing less.
  expect(allowed('cli-operator')).toEqual(expect.arrayContaining(allowed('cli-read-only')));
  const never = ['any other subject', 'read: all streams', 'create: another stream', 'delete: an event'];
  const nobody = [...never, 'delete: all events', 'delete: the events stream', 'subscribe to everything'];
  expect(roles.flatMap(allowed).filter((what) => nobody.includes(what))).toEqual([]);

  await expect(`# What each role may do in NATS

A test writes this file: \`test/nats-permissions.test.ts\`. Each cell is one attempt against a server that runs with the
permissions in [deploy/nats](../deploy/nats). [NATS](nats.md) says how they are used.

${markdownTable(['What', 'Subject', ...roles], lines)}
`).toMatchFileSnapshot('../docs/nats-permissions.md');
}, 30_000);

it('answers of JetStream, which go wherever a request says, give a reader no more rights', async () => {
  const admin = await connectTo(nats.url);
  const { js, manager } = admin;
  await js.publish('marketing.events.order.completed', '{"eventType":"Bounce"}');
  await js.publish('marketing.dlq.invalid_json', 'a letter');
  const held = async () =>
    Promise.all(['MARKETING_EVENTS', 'MARKETING_DLQ'].map(async (name) => (await manager.streams.info(name)).state));
  const [events, letters] = (await held()).map(({ messages, last_seq }) => ({ messages, seq: last_seq }));
  const requests: [subject: string, body: string][] = [
    [`${api}.DIRECT.GET.MARKETING_EVENTS`, '{"seq":99999999}'],
    [`${api}.DIRECT.GET.MARKETING_EVENTS`, `{"seq":${events?.seq}}`],
    [`${api}.CONSUMER.MSG.NEXT.MARKETING_DLQ.x`, '{"no_wait":true}'],
    [`${api}.STREAM.MSG.GET.MARKETING_EVENTS`, `{"seq":${events?.seq}}`],
    [`${api}.STREAM.MSG.GET.MARKETING_EVENTS`, '{"seq":99999999}'],
    [`${api}.STREAM.INFO.MARKETING_EVENTS`, ''],
    [`${api}.STREAM.INFO.MARKETING_DLQ`, ''],
    [`${api}.CONSUMER.INFO.MARKETING_EVENTS.x`, ''],
  ];
  const targets = ['PURGE', 'DELETE'].flatMap((act) =>
    ['MARKETING_EVENTS', 'MARKETING_DLQ'].map((stream) => `${api}.STREAM.${act}.${stream}`),
  );
  await refusedFor('cli-read-only', (connection) => {
    for (const [subject, body] of requests) for (const reply of targets) connection.publish(subject, body, { reply });
  });
  await admin.connection.flush();
  expect((await held()).map(({ messages }) => messages)).toEqual([events?.messages, letters?.messages]);
  await admin.connection.close();
});
