import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { CredentialsError } from '../credentials-error.ts';
import { readPasswordFile } from '../password-file.ts';

/** Where the password comes from, unless the URL has it. At most one. */
export interface PasswordSources {
  password?: string | undefined;
  /** Read again for each new connection. */
  passwordFile?: string | undefined;
  /** A shell command that prints it. */
  passwordCommand?: string | undefined;
}

/** How long a command may run, and how long its password is used for new connections, in ms. RDS tokens are valid for 15 minutes. */
const [commandMs, reuseMs] = [10_000, 30_000];

/** The password of a new connection: text, or a function that finds the current one. */
export function passwordOf(
  inUrl: string | undefined,
  { password, passwordFile, passwordCommand }: PasswordSources,
): string | (() => string | Promise<string>) | undefined {
  if (inUrl !== undefined) return inUrl;
  if ([password, passwordFile, passwordCommand].filter((source) => source !== undefined).length > 1) {
    throw new CredentialsError(
      'Set only one of POSTGRES_PASSWORD, POSTGRES_PASSWORD_FILE and POSTGRES_PASSWORD_COMMAND.',
    );
  }
  if (passwordFile !== undefined) return () => readPasswordFile(passwordFile, 'POSTGRES_PASSWORD_FILE');
  if (passwordCommand !== undefined) return () => passwordFrom(passwordCommand);
  return password;
}

interface Printed {
  at: number;
  password: Promise<string>;
}

const printed = new Map<string, Printed>();

/** Connections that open at the same time share one run. Failed runs are not cached. */
function passwordFrom(command: string): Promise<string> {
  const last = printed.get(command);
  if (last !== undefined && performance.now() - last.at < reuseMs) return last.password;
  const password = run(command);
  printed.set(command, { at: performance.now(), password });
  password.catch(() => forgetPassword(command));
  return password;
}

/** Postgres has refused what the command printed: it is run again for the next connection. */
export function forgetPassword(command: string): void {
  printed.delete(command);
}

async function run(command: string): Promise<string> {
  const failed = (why: string) =>
    new CredentialsError(
      `POSTGRES_PASSWORD_COMMAND ${why}. Run it as this user; it must print the password and nothing else.`,
    );
  let stdout: string;
  try {
    ({ stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { timeout: commandMs, maxBuffer: 65_536 }));
  } catch (error) {
    const { code, killed } = error as { code?: number | string; killed?: boolean };
    throw failed(killed ? `did not end within ${commandMs / 1_000} s` : `failed (${code})`);
  }
  const password = stdout.trim();
  if (password === '') throw failed('printed nothing');
  return password;
}
