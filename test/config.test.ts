import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ConfigError, loadConfig } from '../config/load.ts';
import { secret } from './support/secrets.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-config-'));
  file = join(folder, 'rivulet.yaml');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(yaml: string, env: NodeJS.ProcessEnv = { RIVULET_SECRET: secret }) {
  writeFileSync(file, yaml);
  return loadConfig({ RIVULET_CONFIG: file, ...env });
}

function mistakesIn(attempt: () => unknown): string[] {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ConfigError) return [...error.mistakes];
    throw error;
  }
  return [];
}

const mistakes = (yaml: string, env?: NodeJS.ProcessEnv) => mistakesIn(() => load(yaml, env));

describe('what is wrong with the configuration', () => {
  it('is told all at once: of the file with place and path, of the environment by name', () => {
    const yaml = [
      'provider:',
      '  rate_limit: fast',
      '  retrys: 3',
      'queues:',
      '  marketing_events: { prefetch: 0 }',
      'templates:',
      '    cache_ttl: 60',
      'topics: { Offers: { title: x } }',
      '',
    ].join('\n');
    const found = mistakes(yaml, { RIVULET_SECRET: 'short', HTTP_PORT: 'eighty', REDIS_URL: 'http://x' });
    expect(found).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^environment RIVULET_SECRET: must be 64 hexadecimal digits/),
        expect.stringMatching(/^environment HTTP_PORT: /),
        expect.stringMatching(/^environment REDIS_URL: /),
        expect.stringMatching(`^${file}:2:15 provider\\.rate_limit: .`),
        expect.stringMatching(`^${file}:3:11 provider\\.retrys: is no known key$`),
        expect.stringMatching(`^${file}:5:33 queues\\.marketing_events\\.prefetch: .`),
        expect.stringMatching(`^${file}:7:16 templates\\.cache_ttl: must be a duration in quotes`),
        expect.stringMatching(`^${file}:8:\\d+ topics\\.Offers: .`),
      ]),
    );
    expect(found).toHaveLength(8);
  });

  it.each([
    ['64 zeros', '0'.repeat(64)],
    ['one byte again and again', 'ab'.repeat(32)],
    ['15 different bytes', Buffer.from(Array.from({ length: 32 }, (_, index) => index % 15)).toString('hex')],
  ])('is a secret of %s, which says how to make a good one', (_, weak) => {
    const message = 'has fewer than 16 distinct bytes, so it can be guessed. Make one with: openssl rand -hex 32';
    expect(mistakes('', { RIVULET_SECRET: weak })).toEqual([`environment RIVULET_SECRET: ${message}`]);
    expect(mistakes('', { RIVULET_SECRET: secret, RIVULET_SECRET_PREVIOUS: weak })).toEqual([
      `environment RIVULET_SECRET_PREVIOUS: ${message}`,
    ]);
  });

  it('is no secret of 16 different bytes, in either case of its letters', () => {
    const enough = Buffer.from(Array.from({ length: 32 }, (_, index) => 0xa0 + (index % 16))).toString('hex');
    expect(load('', { RIVULET_SECRET: enough.toUpperCase() }).environment.RIVULET_SECRET).toBe(enough.toUpperCase());
  });

  it('stands in the message too, one mistake a line', () => {
    expect(() => load('speed: 1\n', {})).toThrow(
      `The configuration has 2 mistakes:\n  environment RIVULET_SECRET: is required: 64 hexadecimal digits, the same for every process. ` +
        `Make one with: openssl rand -hex 32\n  ${file}:1:8 speed: is no known key`,
    );
  });

  it.each(['8', 'ten seconds', '-5s', '5 s', '1h30m', 's', ''])('may be the duration "%s"', (text) => {
    expect(mistakes(`provider:\n  request_timeout: '${text}'\n`)).toEqual([
      `${file}:2:20 provider.request_timeout: must be a duration such as "500ms", "8s", "3m", "24h" or "30d"`,
    ]);
  });

  it('may be a settling time that a send still under way outlives', () => {
    const why = 'must be longer than provider.request_timeout, or a send still under way would be settled';
    expect(mistakes(`provider:\n  request_timeout: 10s\n  settle_after: 10s\n`)).toEqual([
      `${file}:3:17 provider.settle_after: ${why}`,
    ]);
    expect(load(`provider:\n  request_timeout: 10s\n  settle_after: 10001ms\n`).config.provider.settle_after).toBe(
      10_001,
    );
  });

  it('may be YAML that does not parse: the place is told', () => {
    const [only, ...others] = mistakes('provider:\n  from: "Ada\n');
    expect(only).toBe(`${file}:3:1 Missing closing "quote`);
    expect(others).toEqual([]);
    expect(mistakes('topics: {}\ntopics: {}\n')).toEqual([expect.stringMatching(`^${file}:2:1 .*unique`)]);
  });

  it.each([
    ['provider: { remember_sends: 3m }', 'must be longer than provider.settle_after'],
    ['provider: { remember_sends: 7d }', 'must be longer than queues.marketing_events.max_age'],
    ['queues: { marketing_events: { max_age: 90d } }', 'must be longer than queues.marketing_events.max_age'],
  ])('%s: the ledger would forget an email that may still be sent', (yaml, said) => {
    expect(mistakes(yaml)).toContainEqual(expect.stringMatching(`provider\\.remember_sends: ${said}`));
  });

  it('may be a file that is not there', () => {
    const missing = join(folder, 'nowhere.yaml');
    const attempt = () => loadConfig({ RIVULET_CONFIG: missing, RIVULET_SECRET: secret });
    expect(mistakesIn(attempt)).toEqual([
      `${missing}: cannot be read. Set RIVULET_CONFIG to the path of your rivulet.yaml`,
    ]);
  });

  it.each([
    'not an address',
    'Ada <ada@>',
    '',
    ' ',
    'a@x.org, b@x.org',
    'Ada <a@x.org>\\r\\nBcc: b@x.org',
    'ada@example',
    'ädä@example.com',
  ])('may be the sender "%s"', (from) => {
    expect(mistakes(`provider:\n  from: "${from}"\n`)).toEqual([expect.stringMatching(/provider\.from.*one address/)]);
  });

  it('never quotes the secret', () => {
    expect(mistakes('', { RIVULET_SECRET: 'zz'.repeat(32) }).join()).not.toContain('zzz');
  });
});

describe('what is right', () => {
  it('is filled up with defaults, durations in milliseconds', () => {
    const { config, environment } = load('');
    expect(config.provider).toMatchObject({ rate_limit: 14, request_timeout: 10_000, settle_after: 180_000 });
    expect(config.provider.remember_sends).toBe(60 * 86_400_000);
    expect(environment).toMatchObject({ NATS_URL: 'nats://127.0.0.1:4222', LOG_LEVEL: 'info' });
    expect(environment.HTTP_PORT).toBeUndefined();
  });

  it.each([
    ['post@müller.example', 'post@xn--mller-kva.example'],
    ['Müller <post@müller.example>', 'Müller <post@xn--mller-kva.example>'],
    ['"Jane \\"JJ\\" Doe" <jane@example.com>', '"Jane \\"JJ\\" Doe" <jane@example.com>'],
    ['"Doe, Jane" <jane@example.com>', '"Doe, Jane" <jane@example.com>'],
    ['"Jane" <jane@example.com>', 'Jane <jane@example.com>'],
    ['  jane@EXAMPLE.com ', 'jane@example.com'],
    ['<jane@example.com>', 'jane@example.com'],
  ])('knows the sender %s', (from, read) => {
    expect(load(`provider:\n  from: ${JSON.stringify(from)}\n`).config.provider.from).toBe(read);
  });

  it('treats an empty variable as unset', () => {
    const { environment } = load('', { RIVULET_SECRET: secret, HTTP_PORT: '', REDIS_URL: '', LOG_LEVEL: '' });
    expect(environment).toMatchObject({ REDIS_URL: 'redis://127.0.0.1:6379', LOG_LEVEL: 'info' });
    expect(environment.HTTP_PORT).toBeUndefined();
    expect(mistakes('', { RIVULET_SECRET: '' })).toEqual([expect.stringContaining('RIVULET_SECRET: is required')]);
  });

  it('takes the template folder relative to the file, or absolute', () => {
    expect(load('templates: { base_dir: mails }').config.templates.dir).toBe(join(folder, 'mails'));
    expect(load('templates: { base_dir: /srv/mails }').config.templates.dir).toBe('/srv/mails');
  });

  it('is what ships: the rivulet.yaml of the project loads', () => {
    const shipped = loadConfig({ RIVULET_CONFIG: join(root, 'rivulet.yaml'), RIVULET_SECRET: secret });
    expect(shipped.config.templates.dir).toBe(join(root, 'templates'));
    expect(Object.keys(shipped.config.topics)).toEqual(['onboarding', 'offers']);
  });
});

describe('PUBLIC_URL', () => {
  it.each([
    'http://mail.example.com',
    'https://',
    'http://127.999.1.1',
    'https://user:pw@mail.example.com',
    'https://mail.example.com/?q=a',
    'https://mail.example.com/#x',
    'javascript:alert(1)',
    'ftp://mail.example.com',
    'mail.example.com',
  ])('%s is refused in one line', (PUBLIC_URL) => {
    expect(mistakes('', { RIVULET_SECRET: secret, PUBLIC_URL })).toEqual([
      expect.stringMatching(/^environment PUBLIC_URL: /),
    ]);
  });

  it.each(['https://mail.example.com', 'https://mail.example.com/letters', 'http://127.0.0.1:8080', 'http://[::1]:80'])(
    '%s is taken',
    (PUBLIC_URL) => {
      expect(load('', { RIVULET_SECRET: secret, PUBLIC_URL }).environment.PUBLIC_URL).toBe(PUBLIC_URL);
    },
  );
});
