import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { type Check, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { watchConfig } from '../config/watch.ts';
import { secret } from './support/secrets.ts';

let folder: string;
let file: string;
let stop: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-watch-'));
  file = join(folder, 'rivulet.yaml');
  stop = new AbortController();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

interface Watched {
  current: () => Config;
  /** What was logged since it was asked last. */
  said: () => string[];
}

/** A process that has loaded this text, and follows the file. */
function watch(text: string, check?: Check): Watched {
  if (text) writeFileSync(file, text);
  const env = { RIVULET_CONFIG: file, RIVULET_SECRET: secret };
  const lines: string[] = [];
  const say = (level: string) => (facts: object, message: string) =>
    void lines.push(`${level} ${message} ${Object.values(facts).join()}`);
  const log = { info: say('info'), warn: say('warn'), error: say('error') };
  const current = watchConfig(env, loadConfig(env).config, log, stop.signal, check);
  look();
  return { current, said: () => lines.splice(0) };
}

/** Time for two looks at the file. */
const look = () => void vi.advanceTimersByTime(500);

function save(text: string): void {
  writeFileSync(file, text);
  look();
}

const changed = 'info rivulet.yaml has changed: in force from now on';
const refused = 'error rivulet.yaml is refused: what it said before stays in force';
const needsRestart = 'warn rivulet.yaml has changed: these keys need a restart, and stay as they were';

const quiet = (from: string) =>
  `topics: { offers: { title: Offers, quiet_hours: { from: '${from}', to: '08:00' } } }\n`;

it('a changed rule is in force without a restart, and the log says which', () => {
  const { current, said } = watch('journeys: { onboarding: { rollout: 10 } }\n');
  expect(current().journeys['onboarding']).toMatchObject({ rollout: 10 });
  expect(said()).toEqual([]);

  save('journeys: { onboarding: { rollout: 50, enabled: false } }\n');
  expect(current().journeys['onboarding']).toMatchObject({ rollout: 50, enabled: false });
  expect(said()).toEqual([`${changed} journeys.onboarding.enabled,journeys.onboarding.rollout`]);

  save('journeys: {}\n');
  expect(current().journeys).toEqual({});
  expect(said()).toEqual([`${changed} journeys.onboarding`]);
});

it('so are the sending times of a topic, while its title waits for a restart', () => {
  const { current, said } = watch(quiet('21:00'));
  save(quiet('20:00').replace('title: Offers', 'title: Deals'));
  expect(current().topics['offers']).toMatchObject({ title: 'Offers', quiet_hours: { from: '20:00', to: '08:00' } });
  expect(said()).toEqual([`${changed} topics.offers.quiet_hours.from`, `${needsRestart} topics.offers.title`]);

  save('topics: { offers: { title: Deals } }\n');
  expect(current().topics['offers']).not.toHaveProperty('quiet_hours.from');
  expect(said()).toEqual([`${changed} topics.offers.quiet_hours`]);
});

it('what needs a restart stays as it was loaded, is told once, and told again when it is something else', () => {
  const { current, said } = watch('provider: { rate_limit: 14 }\n');
  const templates = current().templates.dir;
  const other = 'provider: { rate_limit: 20 }\ntemplates: { base_dir: mails }\ntopics: { news: { title: News } }\n';
  save(other);
  save(`${other}journeys: { onboarding: {} }\n`);
  expect(current().provider.rate_limit).toBe(14);
  expect(current().templates.dir).toBe(templates);
  expect(Object.keys(current().topics)).toEqual(['onboarding', 'offers']);
  const keys = 'provider.rate_limit,templates.base_dir,topics.news,topics.offers,topics.onboarding';
  expect(said()).toEqual([`${needsRestart} ${keys}`, `${changed} journeys.onboarding`]);

  save('provider: { rate_limit: 30, retry: { max_attempts: 3 } }\n');
  expect(said()).toEqual([
    `${changed} journeys.onboarding`,
    `${needsRestart} provider.rate_limit,provider.retry.max_attempts`,
  ]);
});

it('a file with a mistake is refused whole: each mistake is told once, with its place, and the old one goes on', () => {
  const { current, said } = watch('journeys: { onboarding: { rollout: 10 } }\n');
  const broken = 'journeys:\n  onboarding: { rollout: 200 }\n  win-back: { enabled: true }\n  other: { wehn: x }\n';
  save(broken);
  look();
  expect(current().journeys).toEqual({ onboarding: expect.objectContaining({ rollout: 10 }) });
  expect(said()).toEqual([
    `${refused} ${file}:2:26 journeys.onboarding.rollout: must be a percentage from 0 to 100`,
    `${refused} ${file}:4:18 journeys.other.wehn: is no known key`,
  ]);

  writeFileSync(`${file}.new`, broken);
  renameSync(`${file}.new`, file); // the same text in another file
  look();
  expect(said()).toEqual([]);

  save('journeys: { onboarding: { rollout: 20 } }\n');
  expect(current().journeys['onboarding']).toMatchObject({ rollout: 20 });
  expect(said()).toEqual([`info rivulet.yaml is right again ${file}`, `${changed} journeys.onboarding.rollout`]);
});

it.each([
  ['that does not parse', 'journeys: { onboarding: \n', /:\d+:\d+ /],
  [
    'with quiet hours all day',
    quiet('00:00').replace('08:00', '24:00'),
    /:1:\d+ topics\.offers\.quiet_hours\.to: must leave/,
  ],
  ['with an alias of nothing', 'journeys: *nothing\n', /:1:1\d* .*nothing/],
])('a file %s is refused', (_, text, place) => {
  const { current, said } = watch('journeys: { onboarding: {} }\n');
  save(text);
  expect(Object.keys(current().journeys)).toEqual(['onboarding']);
  const [only, ...others] = said();
  expect(only).toContain(`${refused} ${file}`);
  expect(only).toMatch(place);
  expect(others).toEqual([]);
});

it('a check of the process sees what would be in force, may refuse it, and tells the place', () => {
  const check: Check = ({ journeys, provider }, at) => {
    expect(provider.rate_limit).toBe(14);
    return 'unknown' in journeys ? [`${at(['journeys', 'unknown'])} there is no such journey`] : [];
  };
  const { current, said } = watch('journeys: { onboarding: {} }\n', check);
  save('provider: { rate_limit: 1 }\njourneys:\n  unknown: {}\n');
  expect(current().journeys).toHaveProperty('onboarding');
  expect(said()).toEqual([`${refused} ${file}:3:12 there is no such journey`]);
});

it('a process that starts asks the same check, and does not start with what it refuses', () => {
  writeFileSync(file, 'journeys:\n  unknown: {}\n');
  const check: Check = (_, at) => [`${at(['journeys', 'unknown', 'when'])} there is no such journey`];
  const start = () => loadConfig({ RIVULET_CONFIG: file, RIVULET_SECRET: secret }, check);
  expect(start).toThrow(`The configuration has a mistake:\n  ${file}:2:12 there is no such journey`);
});

it('a check that breaks refuses the file, and the process lives', () => {
  const check: Check = () => {
    throw new Error('no such library');
  };
  const { current, said } = watch('journeys: { onboarding: {} }\n', check);
  save('journeys: {}\n');
  expect(current().journeys).toHaveProperty('onboarding');
  expect(said().at(-1)).toBe(`${refused} ${file}: could not be checked: Error: no such library`);
});

it('a configuration that says the same is the same object, so that what was made of it can be kept', () => {
  const { current, said } = watch('journeys: { onboarding: {} }\n');
  const before = current();
  save('# now with a comment\njourneys: { onboarding: {} }\n');
  expect(current()).toBe(before);
  expect(said()).toEqual([]);
});

it('a file is taken once it is whole: not while an editor has emptied it', () => {
  const { current, said } = watch(quiet('21:00'));
  writeFileSync(file, '');
  vi.advanceTimersByTime(250);
  save(quiet('22:00'));
  expect(current().topics['offers']).toMatchObject({ quiet_hours: { from: '22:00' } });
  expect(said()).toEqual([`${changed} topics.offers.quiet_hours.from`]);
});

it('an editor that replaces the file, and a mounted config map whose link is turned, are seen', () => {
  for (const version of ['one', 'two']) mkdirSync(join(folder, version));
  writeFileSync(join(folder, 'one', 'rivulet.yaml'), quiet('21:00'));
  writeFileSync(join(folder, 'two', 'rivulet.yaml'), quiet('22:00'));
  symlinkSync('one', join(folder, 'data'));
  symlinkSync(join('data', 'rivulet.yaml'), file);
  const { current, said } = watch('');
  symlinkSync('two', join(folder, 'turned'));
  renameSync(join(folder, 'turned'), join(folder, 'data'));
  look();
  expect(current().topics['offers']).toMatchObject({ quiet_hours: { from: '22:00' } });

  writeFileSync(`${file}~`, quiet('23:00'));
  renameSync(`${file}~`, file);
  look();
  expect(current().topics['offers']).toMatchObject({ quiet_hours: { from: '23:00' } });
  expect(said()).toHaveLength(2);
});

it('a file that is away for a moment is no change; one that is gone for long is told once', () => {
  const { current, said } = watch(quiet('21:00'));
  unlinkSync(file);
  vi.advanceTimersByTime(1_000);
  save(quiet('21:00'));
  expect(said()).toEqual([]);

  unlinkSync(file);
  vi.advanceTimersByTime(60_000);
  expect(said()).toEqual([`warn rivulet.yaml is gone: what it said last stays in force ${file}`]);
  expect(current().topics['offers']).toMatchObject({ quiet_hours: { from: '21:00' } });
  save(quiet('20:00'));
  expect(said()).toEqual([`info rivulet.yaml is back ${file}`, `${changed} topics.offers.quiet_hours.from`]);
});

it('a process that stops looks no more', () => {
  const { current } = watch(quiet('21:00'));
  stop.abort();
  save(quiet('22:00'));
  expect(current().topics['offers']).toMatchObject({ quiet_hours: { from: '21:00' } });
  expect(vi.getTimerCount()).toBe(0);
});
