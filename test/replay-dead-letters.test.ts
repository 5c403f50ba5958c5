import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { nanos } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { publicationOf } from '../cli/dead-letters/publication.ts';
import { replayLetter } from '../cli/dead-letters/replay-letter.ts';
import { withDeadLetters } from '../cli/dead-letters/stream.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { deadLettersCli } from './support/dead-letters-cli.ts';
import { event, orderCompleted, person, projectCreated } from './support/events.ts';
import { type FakeTemporal, type IngressScene, ingressScene } from './support/ingress-scene.ts';
import { startRelay } from './support/relay.ts';
import { sesEvent } from './support/ses-events.ts';
import { unprocessed } from './support/unprocessed.ts';

/** Letters of an interrupted replay. The long form: RIVULET_TEST_LETTERS=10000. */
const many = Number(process.env['RIVULET_TEST_LETTERS'] ?? 200);

const cli = deadLettersCli();
const replay = (...args: string[]) => cli.rivulet(['dead-letters', 'replay', ...args]);
const ada = person('ada');
const withoutTotal = () => ({ ...orderCompleted(ada), payload: { order_id: 'o', currency: 'EUR' } });

let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('servers').redis);
});
afterAll(() => redis.disconnect());

/** Runs an ingress until `done`, and returns it. */
async function processed(
  done: (scene: IngressScene) => Promise<boolean>,
  temporal: Partial<FakeTemporal> = {},
): Promise<IngressScene> {
  const scene = ingressScene({ nats: cli.nats, servers: { postgres: cli.database.postgres, redis }, temporal });
  try {
    await expect.poll(() => done(scene), { timeout: 60_000 + many * 20 }).toBe(true);
  } finally {
    await scene.stop();
  }
  return scene;
}

const everything = async () => (await unprocessed(cli.nats.stream)) === 0;

describe('a replay', () => {
  it('publishes the same event to the subject it came on, counts in its header, and deletes the letter', async () => {
    const order = orderCompleted(ada);
    const headers = ['Traceparent: 00-1', `Nats-Msg-Id: ${order.event_id}`, 'Nats-Expected-Last-Sequence: 999'];
    const seq = await cli.refused(order, { subject: 'marketing.events.order.completed', headers });
    expect(await replay(String(seq))).toMatchObject({ code: 0, out: expect.stringContaining('Replayed 1.') });
    const [message] = await cli.messages('MARKETING_EVENTS');
    expect(message?.subject).toBe('marketing.events.order.completed');
    expect(message?.json()).toEqual(order);
    const header = (name: string) => message?.header.values(name);
    expect([header('Rivulet-Dlq-Replays'), header('Traceparent')]).toEqual([['1'], ['00-1']]);
    expect(header('Rivulet-Original-Nats-Msg-Id')).toEqual([order.event_id]);
    expect(header('Nats-Expected-Last-Sequence')).toEqual([]);
    expect([...(message?.header.keys() ?? [])].filter((name) => /^Rivulet-Dlq-(?!Replays)/.test(name))).toEqual([]);
    expect(await cli.count('MARKETING_DLQ')).toBe(0);
  });

  it('of letters that would be refused again leaves them, says why, and exits with 1', async () => {
    const [bad, mismatch] = [
      await cli.refused(withoutTotal()),
      await cli.refused(orderCompleted(ada), { subject: 'marketing.events.user.signed_up' }),
    ];
    const good = await cli.refused(orderCompleted(ada));
    const cut = await cli.refused(`{${'x'.repeat(1024 * 1024)}`);
    const foreign = await cli.nats.stream.js.publish('marketing.dlq.junk', JSON.stringify(orderCompleted(ada)));
    const { code, out, err } = await replay('--all');
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      '5 dead letters match.',
      expect.stringMatching(`^  ${bad}  still invalid: payload.total`),
      expect.stringMatching(
        `^  ${mismatch}  still invalid: the subject says user.signed_up, .* as --subject-from-type does$`,
      ),
      expect.stringMatching(`^  ${cut}  still invalid: the letter has the first \\d+ of 1048577 bytes only$`),
      expect.stringMatching(`^  ${foreign.seq}  still invalid: the letter does not name a subject`),
      'Replayed 1. An event that the ingress refuses again becomes a new dead letter.',
    ]);
    expect(err).toContain('Not replayed: 4.');
    expect((await cli.messages('MARKETING_DLQ')).map(({ seq }) => seq)).toEqual([bad, mismatch, cut, foreign.seq]);
    expect(good).toBeGreaterThan(0);
    expect(await replay(String(mismatch), '--subject-from-type')).toMatchObject({ code: 0 });
    expect((await cli.messages('MARKETING_EVENTS')).at(-1)?.subject).toBe('marketing.events.order.completed');
  });

  it('that is refused again is a new letter, which says how often it was replayed', async () => {
    await cli.refused(withoutTotal());
    for (const replays of ['1', '2']) {
      expect(await replay('--all', '--force')).toMatchObject({ code: 0 });
      const scene = await processed(async () => (await cli.count('MARKETING_DLQ')) === 1);
      expect(scene.started).toEqual([]);
      const [letter] = await cli.messages('MARKETING_DLQ');
      expect(letter?.header.values('Rivulet-Dlq-Replays')).toEqual([replays]);
      expect(letter?.header.values('Rivulet-Original-Nats-Msg-Id')).toHaveLength(1);
    }
  });

  it('that fails again and again in the ingress is a new letter too, by way of the retries, with the same count', async () => {
    const order = orderCompleted(ada);
    await cli.refused(order);
    expect(await replay('--all')).toMatchObject({ code: 0 });
    const start = () => Promise.reject(new Error('no run for this one'));
    await processed(async () => (await cli.count('MARKETING_DLQ')) === 1, { start });
    const [letter] = await cli.messages('MARKETING_DLQ');
    const header = (name: string) => letter?.header.get(`Rivulet-Dlq-${name}`);
    expect([header('Reason'), header('Replays'), header('Event-Id')]).toEqual(['not_processable', '1', order.event_id]);
    expect(await replay('--all')).toMatchObject({ code: 0 });
    expect((await processed(everything)).started).toEqual([order.event_id]);
  });

  it('of feedback goes to its own subject, and that of a piece that is still unusable stays', async () => {
    const subject = 'marketing.feedback.ses.bounce';
    const bounce = sesEvent.bounce({ to: ada.email }, 'Permanent', 'General');
    const usable = await cli.refused(bounce, { subject });
    const unusable = await cli.refused({ eventType: 'Dream' }, { subject, reason: 'unusable_feedback' });
    expect(await replay('--all')).toMatchObject({
      code: 1,
      out: expect.stringContaining(`${unusable}  still invalid: unknown_type`),
    });
    const messages = await cli.messages('MARKETING_EVENTS');
    expect(messages.map((each) => [each.subject, each.json()])).toEqual([[subject, bounce]]);
    expect((await cli.messages('MARKETING_DLQ')).map(({ seq }) => seq)).toEqual([unusable]);
    expect(usable).not.toBe(unusable);
    const { code, err } = await cli.rivulet(['dead-letters', 'replay', '--edit', String(unusable)], { EDITOR: 'true' });
    expect([code, err]).toEqual([1, `Dead letter ${unusable} is feedback, not an event: replay or discard it.`]);
  });
});

describe('the same letter replayed twice', () => {
  it('at the same time is published once', async () => {
    for (let each = 0; each < 20; each++) await cli.refused(orderCompleted(ada));
    const ran = await Promise.all([replay('--all'), replay('--all'), replay('--all')]);
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect([await cli.count('MARKETING_EVENTS'), await cli.count('MARKETING_DLQ')]).toEqual([20, 0]);
  });

  it('because it was interrupted before the letter was deleted starts one run, also when JetStream has forgotten it', async () => {
    const { streams } = cli.nats.stream.manager;
    const { config } = await streams.info('MARKETING_EVENTS');
    await streams.update('MARKETING_EVENTS', { ...config, duplicate_window: nanos(100) });
    const order = orderCompleted(ada);
    const seq = await cli.refused(order);
    const dies = async () => {
      throw new Error('died');
    };
    await withDeadLetters(cli.env(), async (stream) => {
      const publication = publicationOf(stream.name, (await stream.read(seq))!, {});
      if ('invalid' in publication) throw new Error(publication.invalid);
      await expect(replayLetter({ ...stream, remove: dies }, seq, publication)).rejects.toThrow('died');
    });
    await sleep(1_000);
    expect(await replay('--all')).toMatchObject({ code: 0 });
    expect([await cli.count('MARKETING_EVENTS'), await cli.count('MARKETING_DLQ')]).toEqual([2, 0]);
    const { started } = await processed(everything);
    expect(started).toEqual([order.event_id]);
  });

  it('with other content is published as the first one was, and stays', async () => {
    const seq = await cli.refused('no JSON');
    await withDeadLetters(cli.env(), async (stream) => {
      const letter = (await stream.read(seq))!;
      const publication = publicationOf(stream.name, letter, { force: true });
      if ('invalid' in publication) throw new Error(publication.invalid);
      const other = { ...publication, bytes: new TextEncoder().encode('other JSON') };
      const kept = { ...stream, remove: async () => false };
      expect(await replayLetter(kept, seq, publication)).toBe('replayed');
      expect(await replayLetter(stream, seq, other)).toBe('otherwise');
      expect(await stream.read(seq)).toBeDefined();
    });
    expect((await cli.messages('MARKETING_EVENTS')).map((each) => each.string())).toEqual(['no JSON']);
  });
});

it.each([
  ['a publication', 'PUB marketing.events'],
  ['a deletion', 'STREAM.MSG.DELETE'],
])('a replay that loses NATS with the reply to %s says so, and is repeated', async (_, request) => {
  const orders = Array.from({ length: 5 }, () => orderCompleted(person('ada')));
  for (const order of orders) await cli.refused(order);
  const relay = await startRelay(new URL(cli.nats.url).host);
  try {
    void relay.loseReplyTo(request);
    const lost = await cli.rivulet(['dead-letters', 'replay', '--all'], { NATS_URL: `nats://${relay.address}` });
    expect(lost).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^A server became unavailable .* repeat the command/),
    });
  } finally {
    relay.close();
  }
  expect(await replay('--all')).toMatchObject({ code: 0, err: '' });
  expect([await cli.count('MARKETING_EVENTS'), await cli.count('MARKETING_DLQ')]).toEqual([5, 0]);
});

it(
  `a replay of ${many} letters that is killed half-way and repeated starts each run once, and leaves no letter`,
  async () => {
    const orders = Array.from({ length: many }, () => orderCompleted(person('ada')));
    for (const order of orders) await cli.refused(order);
    const child = spawn(process.execPath, [compiledCli, 'dead-letters', 'replay', '--all'], {
      env: cli.env(),
      cwd: cli.folder,
    });
    await expect
      .poll(() => cli.count('MARKETING_EVENTS'), { timeout: 60_000 + many * 20, interval: 5 })
      .toBeGreaterThan(many / 3);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const left = await cli.count('MARKETING_DLQ');
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(many);
    const again = await cli.compiled(['dead-letters', 'replay', '--all']);
    expect(again).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`Replayed ${left}.`) });
    expect(await cli.count('MARKETING_DLQ')).toBe(0);
    const { started } = await processed(everything);
    expect(started.toSorted()).toEqual(orders.map(({ event_id }) => event_id).toSorted());
  },
  120_000 + many * 60,
);

it('letters are read one at a time: 30 MB of them are replayed with 40 MB of memory', async () => {
  const room = 'x'.repeat(250 * 1024);
  const letters = 120;
  for (let each = 0; each < letters; each++) await cli.refused({ ...orderCompleted(ada), room });
  const where = ['--where', 'reason == "not_processable"'];
  const ran = await cli.compiled(['dead-letters', 'replay', ...where], ['--max-old-space-size=40']);
  expect(ran).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`Replayed ${letters}.`) });
}, 120_000);

describe('replay --dry-run', () => {
  it('says for each letter what a replay would do, and does nothing', async () => {
    cli.configure({ journeys: { 'cart-recovery': { enabled: false } } });
    const [fresh, ran] = [orderCompleted(ada), orderCompleted(ada)];
    const reused = { ...orderCompleted(person('grace')), event_id: ran.event_id };
    const { Client, Connection } = await import('@temporalio/client');
    const connection = await Connection.connect({ address: inject('servers').temporal });
    const { workflow } = new Client({ connection });
    await workflow.start('receipt', { workflowId: ran.event_id, taskQueue: 'no-worker', args: [] });
    await cli.nats.stream.js.publish('marketing.events.order.completed', JSON.stringify(ran));
    await processed(everything);
    const cart = event('cart.abandoned', ada.user_id, { cart_id: 'c', total: 9, currency: 'EUR' });
    const before = await cli.count('MARKETING_EVENTS');
    for (const each of [fresh, ran, fresh, reused, withoutTotal(), projectCreated(ada), cart]) await cli.refused(each);
    const { code, out } = await replay('--all', '--dry-run');
    await workflow.getHandle(ran.event_id).terminate();
    await connection.close();
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      `1  not_processable order.completed ${ada.user_id} ${fresh.event_id}  starts a new run`,
      expect.stringMatching(/^2 .*already ran$/),
      expect.stringMatching(/^3 .*already ran: dead letter 1 has the same event$/),
      expect.stringMatching(/^4 .*still invalid: another event has this event_id: one of type order.completed/),
      expect.stringMatching(/^5 .*still invalid: payload.total/),
      expect.stringMatching(/^6 .*starts no run: events of type project.created start no journey$/),
      expect.stringMatching(/^7 .*starts no run: journeys.cart-recovery: enabled is false$/),
      'Dry run, nothing was sent: 1 starts a new run, 2 already ran, 2 still invalid, 2 starts no run.',
    ]);
    expect([await cli.count('MARKETING_EVENTS'), await cli.count('MARKETING_DLQ')]).toEqual([before, 7]);
  });
});
