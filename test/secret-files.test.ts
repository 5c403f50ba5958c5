import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { completeEnvironment, secretVariables } from '../config/secret-files.ts';
import { readSmallFile, shownPath } from '../config/small-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'rivulet-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What a process sees that was started with these variables, in a folder with this .env. */
function completed(env: NodeJS.ProcessEnv, dotEnv: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const complete = { ...env };
  completeEnvironment(complete, dotEnv);
  return complete;
}

describe('<NAME>_FILE', () => {
  it.each(secretVariables)('%s is read from its file, without white space around it', (name) => {
    const path = file(name, '  a value with spaces \n');
    expect(completed({ [`${name}_FILE`]: path, OTHER: '1' })).toEqual({ [name]: 'a value with spaces', OTHER: '1' });
  });

  it('of another variable is left alone', () => {
    expect(completed({ PUBLIC_URL_FILE: '/nowhere' })).toEqual({ PUBLIC_URL_FILE: '/nowhere' });
  });

  it('counts as not set when it is empty', () => {
    expect(completed({ NATS_URL: 'nats://n', NATS_URL_FILE: '' })).toEqual({ NATS_URL: 'nats://n' });
  });

  it('lists everything that is wrong at once, and no value', () => {
    const env = {
      RIVULET_SECRET: 'topsecret',
      RIVULET_SECRET_FILE: file('both', 'topsecret'),
      NATS_URL_FILE: join(folder, 'absent'),
      REDIS_URL_FILE: file('empty', '\n'),
      POSTGRES_URL_FILE: folder,
      SMTP_URL_FILE: file('binary', Buffer.from([116, 111, 112, 0, 1])),
      AWS_SESSION_TOKEN_FILE: file('long', 'topsecret'.repeat(10_000)),
    };
    expect(() => completed(env)).toThrow(
      [
        'The configuration has 6 mistakes:',
        'environment RIVULET_SECRET and RIVULET_SECRET_FILE are both set. Set one of them',
        `environment NATS_URL_FILE: ${folder}/absent: no such file`,
        `environment REDIS_URL_FILE: ${folder}/empty: empty file`,
        `environment POSTGRES_URL_FILE: ${folder}: not a regular file`,
        `environment SMTP_URL_FILE: ${folder}/binary: not text`,
        `environment AWS_SESSION_TOKEN_FILE: ${folder}/long: longer than 64 KB`,
      ].join('\n  '),
    );
    expect(() => completed(env)).not.toThrow('topsecret');
  });
});

describe('what is no file to read', () => {
  it('is refused without being read: a pipe and a device would never end', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero', '/dev/null', folder]) {
      expect(() => readSmallFile(path)).toThrow('not a regular file');
      expect(() => completed({ RIVULET_SECRET_FILE: path })).toThrow(
        `environment RIVULET_SECRET_FILE: ${path}: not a regular file`,
      );
    }
    const large = join(folder, 'large');
    writeFileSync(large, '');
    truncateSync(large, 5 * 1024 ** 3); // takes no space
    expect(() => completed({ RIVULET_SECRET_FILE: large })).toThrow('larger than 1 MB');
    rmSync(large);
  });

  it.each([
    'ab'.repeat(32),
    'postgres://u:s3cr3tpw@db/x',
    'nats://tok3n@host:4222',
    's3cr3tpw',
    'pa ss/w@rd!',
    'tmprl.eyJhbGciOiJFUzI1NiIsImtpZCI6IldvAAAAAAAAAAAAA.abc/def',
  ])('is not shown, since it may be the secret itself: %s', (secret) => {
    expect(() => completed({ RIVULET_SECRET_FILE: secret })).toThrow(
      'RIVULET_SECRET_FILE: what it is set to: no such file',
    );
    expect(() => completed({ RIVULET_SECRET_FILE: secret })).not.toThrow(secret);
  });

  it('is shown where it looks like a path', () => {
    for (const path of ['/run/secrets/rivulet', './secret.txt', '../a b/c', 'C:\\secrets\\rivulet']) {
      expect(shownPath(path)).toBe(path);
    }
  });
});

describe('.env', () => {
  it('fills in what is not set, by a value or by a file', () => {
    const path = file('of-dotenv', 'from a file');
    const dotEnv = { SMTP_URL_FILE: path, NATS_URL: 'from .env', REDIS_URL: 'from .env', LOG_LEVEL: 'debug' };
    const env = { NATS_URL: 'set', REDIS_URL_FILE: file('set', 'set by a file') };
    expect(completed(env, dotEnv)).toEqual({
      SMTP_URL: 'from a file',
      NATS_URL: 'set',
      REDIS_URL: 'set by a file',
      LOG_LEVEL: 'debug',
    });
  });

  it('does not conflict with what is set', () => {
    const dotEnv = { NATS_URL_FILE: file('ignored', 'from .env') };
    expect(completed({ NATS_URL: 'set' }, dotEnv)).toEqual({ NATS_URL: 'set' });
  });
});
