import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { eventSchemas } from '../cli/events/event-schema.ts';
import { exportedFiles } from '../cli/events/export.ts';
import { vocabulary } from '../cli/events/vocabulary.ts';
import { eventTypes } from '../events/index.ts';
import { parseWritten } from '../events/parse.ts';
import { ownNats } from './support/own-nats.ts';

const run = promisify(execFile);
const open = { class: 'public' } as const;

/** Names and texts that mean something in one of the languages. */
const awkward = z.object({
  class: z.string().meta({ ...open, examples: ['a "quoted" \\ text, 東京 */ \u0001'] }),
  from: z.int().meta({ ...open, description: 'Ends */ a comment, """ a string and \\ a line.' }),
  'my-field': z.boolean().meta(open),
  json: z.number().meta({ ...open, examples: [0.5] }),
  func: z.array(z.object({ type: z.string().meta({ ...open, examples: ['t'] }), none: z.string().optional() })),
  map: z.record(z.string(), z.int()).meta({ ...open, examples: [{ a: 1 }] }),
  either: z.union([z.int(), z.string()]).meta({ ...open, examples: ['either'] }),
  nothing: z.string().nullable().optional(),
  optional_number: z
    .number()
    .meta({ ...open, examples: [2.25] })
    .optional(),
  deep: z.object({ deeper: z.object({ import: z.string().meta({ examples: ['x'] }) }) }).optional(),
});
const events = { ...vocabulary, eventTypes: { ...eventTypes, 'thing.happened': awkward } };
const expected = [...eventSchemas(events).values()].map(({ examples }) => examples![0]);

const nats = ownNats();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-examples-'));
  for (const [file, text] of exportedFiles(events, true)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A language with the command that prints its version, and the oldest one that the example takes. */
interface Language {
  name: string;
  version: [command: string, argument: string];
  oldest: readonly [number, number];
  run: readonly string[];
}

const languages: Language[] = [
  { name: 'python', version: ['python3', '--version'], oldest: [3, 10], run: ['rivulet_events.py'] },
  { name: 'go', version: ['go', 'version'], oldest: [1, 21], run: ['run', './samples'] },
  {
    name: 'java',
    version: ['java', '--version'],
    oldest: [17, 0],
    // One file needs no javac; to optimize it would take longer than it runs.
    run: ['-XX:TieredStopAtLevel=1', '-Dfile.encoding=UTF-8', 'RivuletEvents.java'],
  },
];

async function isInstalled({ version: [command, argument], oldest }: Language): Promise<boolean> {
  const { stdout } = await run(command, [argument], { encoding: 'utf8' }).catch(() => ({ stdout: '' }));
  const [, major, minor] = /(\d+)(?:\.(\d+))?/.exec(stdout) ?? [];
  const [first, second] = oldest;
  return Number(major) > first || (Number(major) === first && Number(minor ?? 0) >= second);
}

describe('the types of the examples write each event as its schema has it, in', () => {
  it.for(languages)('$name', async (language, { skip }) => {
    if (!(await isInstalled(language))) skip(`no ${language.name} ${language.oldest.join('.')} is installed`);
    const cwd = join(folder, 'examples', language.name);
    const { stdout } = await run(language.version[0], language.run, { cwd, encoding: 'utf8' });
    const found = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(found).toEqual(expected);
    // All but the last are events of this project.
    for (const event of found.slice(0, -1)) {
      expect(parseWritten(Buffer.from(JSON.stringify(event)))).toMatchObject({ ok: true });
    }
  });
});

it('the program in Python publishes them', async ({ skip }) => {
  if (!(await isInstalled(languages[0]!))) skip('no python 3.10 is installed');
  const packages = join(folder, 'packages');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--target', packages];
  try {
    await run('python3', [...pip, 'nats-py==2.16.0'], { timeout: 20_000 });
  } catch {
    skip('nats-py cannot be installed');
  }
  const env = { ...process.env, NATS_URL: nats.url, PYTHONPATH: packages };
  const publish = () => run('python3', ['publish.py'], { cwd: join(folder, 'examples/python'), env, timeout: 20_000 });
  await publish();
  // As after a lost acknowledgement.
  await publish();
  const { messages, subjects } = (await nats.stream.manager.streams.info('MARKETING_EVENTS', { subjects_filter: '>' }))
    .state;
  expect(messages).toBe(expected.length);
  expect(Object.keys(subjects ?? {})).toContain('marketing.events.order.completed');
}, 90_000);
