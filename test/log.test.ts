import { beforeEach, describe, expect, it } from 'vitest';

import { createLog, type Logger } from '../runtime/log.ts';
import { personalFieldsIn } from './support/no-personal-fields.ts';

const ada = { address: 'ada@example.com', name: 'Countess Lovelace' };

let lines: string[];
let log: Logger;
beforeEach(() => {
  lines = [];
  log = createLog('worker', 'debug', { write: (line) => void lines.push(line) });
});
const written = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
const found = () => personalFieldsIn({ worker: lines.join('') }, ada);

describe('a log line', () => {
  it('says its message and its facts', () => {
    log.warn({ message_key: 'k_1', failure: 'refused' }, 'send failed');
    expect(written()).toEqual([
      expect.objectContaining({ name: 'worker', message_key: 'k_1', failure: 'refused', msg: 'send failed' }),
    ]);
  });

  it.each<[string, (log: Logger) => void]>([
    ['in a message', (log) => log.info(`mail for ${ada.address}`)],
    ['in what a message is filled with', (log) => log.info('mail for %s, %o', ada.address, { who: ada.address })],
    ['in a field', (log) => log.info({ detail: `no such mailbox <${ada.address}>` }, 'refused')],
    [
      'deep in a field',
      (log) => log.info({ reply: { errors: [{ said: [`"${ada.address}" is unknown`] }] } }, 'refused'),
    ],
    ['as the key of a field', (log) => log.info({ counts: { [ada.address]: 1 } }, 'counted')],
    [
      'next to a line break, a quote and a backslash',
      (log) => log.info({ detail: `a\n${ada.address}\n"${ada.address}\\` }),
    ],
    ['as a link has it', (log) => log.info({ url: 'https://example.com/?to=ada%40example.com' }, 'called')],
    ['in an error', (log) => log.error({ err: new Error(`550 ${ada.address} is unknown`) }, 'send failed')],
    ['in an error alone', (log) => log.error(new Error(`550 ${ada.address} is unknown`))],
    ['in an error without a message beside it', (log) => log.error({ err: new Error(`550 ${ada.address}`) })],
    [
      'in the cause of an error',
      (log) => log.error({ err: new Error('no', { cause: new Error(`550 ${ada.address}`) }) }, 'send failed'),
    ],
    ['in what a child says each time', (log) => log.child({ about: ada.address }).info('hello')],
    ['in what is thrown but is no error', (log) => log.error({ err: `550 ${ada.address}` }, 'send failed')],
  ])('shows no address that comes %s', (_, say) => {
    say(log);
    expect(written()).toHaveLength(1); // still JSON
    expect(found()).toEqual([]);
    expect(lines.join('')).toMatch(/\[address\]/);
  });

  it('shows nothing of the fields that hold a person, a contact or a payload', () => {
    log.info(
      { contact: { name: ada.name }, event: { payload: { owner: ada.name } }, person: { name: ada.name } },
      'oops',
    );
    expect(found()).toEqual([]);
    expect(written()[0]).toMatchObject({ contact: '[redacted]', event: { payload: '[redacted]' } });
  });

  it('cuts every text before it looks for addresses in it, and still shows which file failed', () => {
    const err = Object.assign(new Error('x'.repeat(1_000_000)), {
      stack: `Error: no\n    at call (/srv/node_modules/@smithy/core/index.js:1:2)`,
    });
    log.error(
      { err, detail: `${'a'.repeat(500_000)}@example.com`, list: Array(1_000).fill('ada@example.com') },
      'oops',
    );
    const [line] = written() as { err: { message: string; stack: string }; detail: string; list: string[] }[];
    expect(line?.err.message).toHaveLength(2_048);
    expect(line?.err.stack).toContain('node_modules/@smithy/core/index.js');
    expect(line?.detail).toHaveLength(2_048);
    expect(line?.list).toEqual(Array(100).fill('[address]'));
    expect(lines.join('').length).toBeLessThan(20_000);
  });

  it('shows nothing of what a client hangs on its errors', () => {
    log.error({ err: Object.assign(new Error('refused'), { request: { body: ada.name } }) }, 'send failed');
    expect(found()).toEqual([]);
    expect(written()[0]).toMatchObject({ err: { type: 'Error', message: 'refused' } });
  });
});

describe('the search for personal fields', () => {
  it('finds an address in any spelling and a name, and says in which process and line', () => {
    const outputs = { ingress: 'fine\n', worker: 'one\nto ADA@example.com\nDear Countess Lovelace\n' };
    expect(personalFieldsIn(outputs, ada)).toEqual([
      'worker line 2: to ADA@example.com',
      'worker line 3: Dear Countess Lovelace',
    ]);
    expect(personalFieldsIn({ worker: 'ada%40example.com' }, ada)).toHaveLength(1);
  });
});
