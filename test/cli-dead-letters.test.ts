import { describe, expect, it } from 'vitest';

import { natsLogin } from '../local/servers/nats.ts';
import { deadLettersCli } from './support/dead-letters-cli.ts';
import { orderCompleted, person, projectCreated } from './support/events.ts';

const cli = deadLettersCli();
const letters = (...args: string[]) => cli.rivulet(['dead-letters', ...args]);
const ada = person('ada');
const withoutTotal = (change = {}) => ({
  ...orderCompleted(ada),
  payload: { order_id: 'o', currency: 'EUR' },
  ...change,
});
const listed = async (where: string) => {
  const { code, out, err } = await letters('list', '--json', '--where', where);
  expect([code, err]).toEqual([0, '']);
  return (JSON.parse(out) as { seq: number }[]).map(({ seq }) => seq);
};

describe('rivulet dead-letters list', () => {
  it('shows what is known of each, and counts them by reason', async () => {
    const order = withoutTotal({ event_id: 'evt_1' });
    const seq = await cli.refused(order);
    await cli.refused('no JSON');
    await cli.refused('nor this');
    const { code, out } = await letters('list');
    expect(code).toBe(0);
    const [row = ''] = out.split('\n').filter((line) => line.includes('invalid_payload │'));
    const cells = row.split('│').map((cell) => cell.trim());
    expect(cells.slice(1, 2)).toEqual([String(seq)]);
    expect(cells.slice(2, 9)).toEqual([
      expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
      'invalid_payload',
      'order.completed',
      ada.user_id,
      'evt_1',
      '0',
      expect.stringContaining('payload.total'),
    ]);
    expect(out.split('\n').slice(-2)).toEqual(['      2  invalid_json', '      1  invalid_payload']);
  });

  it('shows no more than --limit, counts all, and says so', async () => {
    for (let each = 0; each < 5; each++) await cli.refused('no JSON');
    const { out } = await letters('list', '--limit', '2');
    expect(out.split('\n').filter((line) => line.includes('invalid_json │'))).toHaveLength(2);
    expect(out).toContain('      5  invalid_json');
    expect(out).toContain('The oldest 2 of 5 are shown; --limit shows more.');
    expect(JSON.parse((await letters('list', '--limit', '2', '--json')).out)).toHaveLength(2);
  });

  it('reads more than one page of them', async () => {
    for (let each = 0; each < 450; each++) await cli.refused(`no JSON ${each}`);
    const { out } = await letters('list', '--limit', '1000', '--json');
    expect(new Set((JSON.parse(out) as { seq: number }[]).map(({ seq }) => seq)).size).toBe(450);
  });

  it('lists what others have published to the stream, with the reason of its subject', async () => {
    await cli.nats.stream.js.publish('marketing.dlq.junk', 'junk');
    expect(JSON.parse((await letters('list', '--json')).out)).toMatchObject([{ reason: 'junk', event_id: '' }]);
  });

  it('says that there are none', async () => {
    expect(await letters('list')).toEqual({ code: 0, out: 'There are no dead letters.', err: '' });
    expect(JSON.parse((await letters('list', '--json')).out)).toEqual([]);
  });
});

describe('--where', () => {
  it('asks reason, type, user, event_id, error, time, seq and replays', async () => {
    const order = await cli.refused(withoutTotal({ event_id: 'evt_1' }));
    const junk = await cli.refused('no JSON', { headers: ['Rivulet-Dlq-Replays: 3'] });
    const both = [order, junk];
    expect(await listed('reason == "invalid_payload"')).toEqual([order]);
    expect(await listed('reason in ["invalid_payload", "invalid_json"]')).toEqual(both);
    expect(await listed('type.startsWith("order.")')).toEqual([order]);
    expect(await listed(`user == "${ada.user_id}"`)).toEqual([order]);
    expect(await listed('user == ""')).toEqual([junk]);
    expect(await listed('event_id == "evt_1" && error.contains("total")')).toEqual([order]);
    expect(await listed('time > now - duration("1h")')).toEqual(both);
    expect(await listed('time < timestamp("2020-01-01T00:00:00Z")')).toEqual([]);
    expect(await listed('replays > 2')).toEqual([junk]);
    expect(await listed(`seq == ${order} || replays == 3`)).toEqual(both);
  });

  it.each([
    ['that does not parse', 'reason ==', /^--where, at character \d+: /],
    [
      'of a field that is not there',
      'raeson == "x"',
      /at character 1: Unknown variable: raeson; there are reason, type, .* and replays$/,
    ],
    ['of two types', 'replays == "1"', /at character 1: /],
    ['that is no yes or no', 'reason', /it gives a string, and must give true or false/],
    [
      'of a reason that is not there',
      'reason == "invalid_jsn"',
      /there is no reason "invalid_jsn"; is it "invalid_json"\? There are too_large/,
    ],
    ['of one among several', 'reason in ["invalid_json", "x"]', /at character 28: there is no reason "x"/],
    ['of null', 'type == null', /what is unreadable is empty: compare with ""/],
    ['that could take long', 'error.matches("(a+)+$")', /matches\(\) can take for ever/],
  ])('with a mistake, %s: exit code 2, what is wrong and where', async (_, where, says) => {
    await cli.refused('no JSON');
    for (const command of [['list'], ['replay'], ['discard', '--yes']]) {
      const { code, out, err } = await letters(...command, '--where', where);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(says);
    }
    expect(await cli.count('MARKETING_DLQ')).toBe(1);
  });

  it('that fails for one letter stops before anything is done', async () => {
    await cli.refused(orderCompleted(ada));
    await cli.refused('no JSON');
    const { code, err } = await letters('replay', '--where', 'timestamp(user) < now');
    expect(code).toBe(2);
    expect(err).toContain('--where fails for dead letter 1: timestamp(user) cannot be worked out here');
    expect([await cli.count('MARKETING_DLQ'), await cli.count('MARKETING_EVENTS')]).toEqual([2, 0]);
  });
});

describe('rivulet dead-letters show', () => {
  it('prints the headers and the indented body, with the personal data in it', async () => {
    const seq = await cli.refused(withoutTotal({ payload: { contact: { email: ada.email } } }), {
      headers: ['Traceparent: 00-1'],
    });
    const { code, out } = await letters('show', String(seq));
    expect(code).toBe(0);
    expect(out).toContain('  Traceparent: 00-1\n');
    expect(out).toContain('  Rivulet-Dlq-Reason: invalid_payload\n');
    expect(out).toContain(`      "email": "${ada.email}"\n`);
  });

  it('lets no body act on the terminal, and shows one that is no JSON', async () => {
    const seq = await cli.refused('no JSON \u001b[2J\u009b31m');
    expect((await letters('show', String(seq))).out).toMatch(/no JSON \\u\{1b\}\[2J\\u\{9b\}31m$/);
  });

  it('says that there is no such letter, and exits with 1', async () => {
    expect(await letters('show', '7')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Dead letter not found: 7.'),
    });
    expect(await letters('show', 'x')).toMatchObject({ code: 2 });
  });
});

describe('rivulet dead-letters discard', () => {
  it('deletes those that are named, and no others', async () => {
    const [first, second] = [await cli.refused('a'), await cli.refused('b')];
    expect(await letters('discard', String(first))).toEqual({ code: 0, out: 'Discarded 1.', err: '' });
    expect((await cli.messages('MARKETING_DLQ')).map(({ seq }) => seq)).toEqual([second]);
    expect(await letters('discard', String(first))).toMatchObject({ code: 1 });
  });

  it('says how many --where and --all would delete, and deletes them only with --yes', async () => {
    await cli.refused('a');
    await cli.refused(withoutTotal());
    const { code, err } = await letters('discard', '--all');
    expect([code, err]).toEqual([
      2,
      "2 dead letters match. Discarding can't be undone: add --yes. Nothing was discarded.",
    ]);
    expect(await cli.count('MARKETING_DLQ')).toBe(2);
    expect(await letters('discard', '--where', 'reason == "invalid_json"', '--yes')).toMatchObject({
      out: 'Discarded 1.',
    });
    expect(await letters('discard', '--all', '--yes')).toMatchObject({ out: 'Discarded 1.' });
    expect(await cli.count('MARKETING_DLQ')).toBe(0);
  });

  it.each([
    ['nothing', []],
    ['two ways at once', ['1', '--all']],
    ['a filter and all', ['--where', 'true', '--all']],
  ])('asked for %s: exit code 2', async (_, args) => {
    await cli.refused('a');
    for (const command of ['discard', 'replay'])
      expect(await letters(command, ...args)).toMatchObject({
        code: 2,
        err: expect.stringContaining('in exactly one way'),
      });
    expect(await cli.count('MARKETING_DLQ')).toBe(1);
  });
});

describe('rivulet why-event', () => {
  it('knows an event that was refused, and how often it was replayed', async () => {
    await cli.refused(withoutTotal({ event_id: 'evt_refused' }), { headers: ['Rivulet-Dlq-Replays: 1'] });
    const { code, out } = await cli.rivulet(['why-event', 'evt_refused']);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^refused {3}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, invalid_payload, replayed once before$/),
      `event     order.completed of ${ada.user_id}`,
      expect.stringContaining('payload.total'),
      'letter    npx --no rivulet dead-letters show 1',
    ]);
    const { dead_letters } = JSON.parse((await cli.rivulet(['why-event', 'evt_refused', '--json'])).out);
    expect(dead_letters).toMatchObject([{ seq: 1, reason: 'invalid_payload', replays: 1, user_id: ada.user_id }]);
  });

  it('says of an event of which nothing is known that no dead letter has it', async () => {
    await cli.refused(projectCreated(ada));
    const { code, err } = await cli.rivulet(['why-event', 'evt_unknown']);
    expect(code).toBe(1);
    expect(err).toContain('It is in no dead letter either.');
  });

  it('says that NATS does not answer, rather than that there is none', async () => {
    const { code, err } = await cli.rivulet(['why-event', 'evt_unknown'], { NATS_URL: 'nats://127.0.0.1:1' });
    expect(code).toBe(1);
    expect(err).toContain('NATS does not answer: the event may have been refused');
  });
});

describe('a read-only user of NATS', () => {
  const reader = () => natsLogin('cli-read-only', cli.nats.url);

  it('lists and shows dead letters, and sees them with why-event', async () => {
    const seq = await cli.refused(withoutTotal({ event_id: 'evt_1' }));
    expect(await cli.rivulet(['dead-letters', 'list'], reader())).toMatchObject({ code: 0, err: '' });
    expect(await cli.rivulet(['dead-letters', 'show', String(seq)], reader())).toMatchObject({ code: 0, err: '' });
    expect((await cli.rivulet(['why-event', 'evt_1'], reader())).out).toContain('invalid_payload');
  });

  it.each([
    ['discard', '$JS.API.STREAM.MSG.DELETE.MARKETING_DLQ'],
    ['replay', 'marketing.events'],
  ])('may not %s them, and is told the subject', async (command, subject) => {
    const seq = await cli.refused(orderCompleted(ada));
    expect(await cli.rivulet(['dead-letters', command, String(seq)], reader())).toMatchObject({
      code: 1,
      err: `NATS denied this user permission to publish to "${subject}". Grant it; deploy/nats has the permissions for each role.`,
    });
    expect(await cli.count('MARKETING_DLQ')).toBe(1);
    expect(await cli.count('MARKETING_EVENTS')).toBe(0);
  });

  it('that may read no dead letters is told so by why-event too', async () => {
    const { code, err } = await cli.rivulet(['why-event', 'evt_1'], natsLogin('producer', cli.nats.url));
    expect(code).toBe(1);
    expect(err).toMatch(/^NATS denied this user permission to subscribe to "_INBOX_cli\./);
  });
});

describe('the command', () => {
  it('ends with 0, 1 and 2 as every other', async () => {
    expect(await cli.compiled(['dead-letters', 'list'])).toMatchObject({ code: 0, err: '' });
    expect(await cli.compiled(['dead-letters', 'show', '7'])).toMatchObject({ code: 1, out: '' });
    expect(await cli.compiled(['dead-letters', 'replay'])).toMatchObject({ code: 2, out: '' });
  });

  it('says that there is no stream, or no NATS', async () => {
    await cli.nats.stream.manager.streams.delete('MARKETING_DLQ');
    expect(await letters('list')).toMatchObject({
      code: 1,
      err: expect.stringContaining('NATS has no stream MARKETING_DLQ'),
    });
    const away = await cli.rivulet(['dead-letters', 'list'], { NATS_URL: 'nats://127.0.0.1:1' });
    expect(away).toMatchObject({ code: 1, err: expect.stringContaining('NATS does not answer at 127.0.0.1:1') });
  });
});
