import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { deadLettersCli } from './support/dead-letters-cli.ts';
import { orderCompleted, person } from './support/events.ts';

const cli = deadLettersCli();
const ada = person('ada');
const withoutTotal = (change = {}) => ({
  ...orderCompleted(ada),
  payload: { order_id: 'o', currency: 'EUR', totl: 12.5 },
  ...change,
});

beforeAll(() => void vi.stubEnv('TMPDIR', cli.folder));
afterAll(() => void vi.unstubAllEnvs());

/** Edits a letter with an editor that is this command. */
const edit = (seq: number, editor: string, env = {}) =>
  cli.rivulet(['dead-letters', 'replay', '--edit', String(seq)], { EDITOR: editor, ...env });
const mend = 'sed -i s/totl/total/';
/** Editors' files that are still there. */
const kept = () =>
  readdirSync(cli.folder)
    .filter((name) => name.startsWith('rivulet-dead-letter-'))
    .flatMap((name) => readdirSync(join(cli.folder, name)).map((file) => join(cli.folder, name, file)));
const nothingSent = async () =>
  expect([await cli.count('MARKETING_EVENTS'), await cli.count('MARKETING_DLQ')]).toEqual([0, 1]);

describe('rivulet dead-letters replay --edit', () => {
  it('opens the indented JSON, replays what is saved to the subject of its type, and leaves no file', async () => {
    const order = withoutTotal();
    const seq = await cli.refused(order, { subject: 'marketing.events.order.dreamt' });
    const seen = join(cli.folder, 'seen.json');
    expect(await edit(seq, `sh -c 'cp "$0" ${seen}; ${mend} "$0"'`)).toEqual({
      code: 0,
      err: '',
      out: `Replayed ${seq} as order.completed of ${ada.user_id}, event_id ${order.event_id}.`,
    });
    expect(readFileSync(seen, 'utf8')).toBe(`${JSON.stringify(order, undefined, 2)}\n`);
    const [message] = await cli.messages('MARKETING_EVENTS');
    expect(message?.subject).toBe('marketing.events.order.completed');
    expect(message?.json()).toMatchObject({ event_id: order.event_id, payload: { total: 12.5 } });
    expect(message?.header.get('Rivulet-Dlq-Replays')).toBe('1');
    expect([await cli.count('MARKETING_DLQ'), kept()]).toEqual([0, []]);
  });

  it('takes VISUAL before EDITOR, with arguments in it, and says when neither is set', async () => {
    const seq = await cli.refused(withoutTotal());
    const none = await edit(seq, '');
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('VISUAL or EDITOR: set one') });
    await nothingSent();
    expect(await edit(seq, 'false', { VISUAL: mend })).toMatchObject({ code: 0 });
  });

  it('of what is still invalid says why, sends nothing, and keeps the text in a file of the operator alone', async () => {
    const seq = await cli.refused(withoutTotal());
    const { code, out, err } = await edit(seq, 'sed -i s/totl/tottal/');
    expect([code, err]).toEqual([1, expect.stringMatching(/^Still invalid: payload\.total.* Nothing was sent\.$/)]);
    await nothingSent();
    const [file = ''] = kept();
    expect(out).toBe(`Your text is in ${file}`);
    expect(readFileSync(file, 'utf8')).toContain('tottal');
    expect(await edit(seq, `cp ${file}`)).toMatchObject({ code: 1 });
  });

  it('of what is unchanged says so, and sends nothing', async () => {
    const seq = await cli.refused(withoutTotal());
    const before = kept();
    expect(await edit(seq, 'true')).toMatchObject({
      code: 1,
      err: `Dead letter ${seq} is unchanged. Nothing was sent.`,
    });
    await nothingSent();
    expect(kept()).toEqual(before);
  });

  it('with an editor that fails sends nothing', async () => {
    const seq = await cli.refused(withoutTotal());
    const { code, err } = await edit(seq, 'false');
    expect([code, err]).toEqual([1, 'The editor (false) ended with exit code 1. Nothing was sent.']);
    await nothingSent();
  });

  it.each<[string, string | object]>([
    ['of an event', withoutTotal({ event_id: 'evt_1' })],
    ['that can be read in broken JSON', `{"event_id": "evt_1", "user_id": "u",}`],
  ])('refuses another event_id than the one %s', async (_, body) => {
    const seq = await cli.refused(body);
    const other = join(cli.folder, 'other.json');
    writeFileSync(other, JSON.stringify({ ...orderCompleted(ada), event_id: 'evt_2' }));
    const { code, err } = await edit(seq, `cp ${other}`);
    expect(code).toBe(1);
    expect(err).toContain('The event_id was changed from evt_1 to evt_2: keep it');
    await nothingSent();
  });

  it.each<[string, object, object, string]>([
    ['had none that could be read', { event_id: 'a/b' }, {}, ', which the original did not have'],
    [
      'had that of another event',
      { event_id: 'a' },
      { reason: 'event_id_reused' },
      ' instead of a, which belongs to another event',
    ],
  ])('takes another event_id where the letter %s, and says so', async (_, change, more, says) => {
    const seq = await cli.refused({ ...orderCompleted(ada), ...change }, more);
    const mended = join(cli.folder, 'mended.json');
    writeFileSync(mended, JSON.stringify({ ...orderCompleted(ada), event_id: 'evt_new' }));
    const copy = `sh -c 'cp ${mended} "$0"'`;
    expect(await edit(seq, copy)).toMatchObject({ code: 0, out: expect.stringContaining(`event_id evt_new${says}.`) });
  });

  it('by two operators at once replays the first, tells the second, and keeps their text', async () => {
    const seq = await cli.refused(withoutTotal());
    const before = kept();
    const go = (name: string) => join(cli.folder, name);
    const waiting = (name: string) => `sh -c 'while [ ! -e ${go(name)} ]; do sleep 0.02; done; ${mend} "$0"'`;
    const [first, second] = [edit(seq, waiting('go-1')), edit(seq, waiting('go-2'))];
    await expect.poll(() => kept().length, { timeout: 10_000 }).toBe(before.length + 2);
    writeFileSync(go('go-1'), '');
    expect(await first).toMatchObject({ code: 0 });
    writeFileSync(go('go-2'), '');
    const { code, out, err } = await second;
    expect([code, err]).toEqual([1, `Dead letter ${seq} was replayed or discarded meanwhile. Nothing was sent.`]);
    expect(existsSync(out.replace('Your text is in ', ''))).toBe(true);
    expect([await cli.count('MARKETING_EVENTS'), await cli.count('MARKETING_DLQ')]).toEqual([1, 0]);
  });

  it.each([
    ['none', []],
    ['two', ['1', '2']],
    ['a filter', ['--all']],
    ['a dry run too', ['1', '--dry-run']],
  ])('with %s: exit code 2', async (_, args) => {
    expect(await cli.rivulet(['dead-letters', 'replay', '--edit', ...args])).toMatchObject({ code: 2 });
  });
});
