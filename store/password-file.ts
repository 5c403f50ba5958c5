import { readFileSync } from 'node:fs';

import { CredentialsError } from './credentials-error.ts';

/** The password in a file, without the line break at its end. `name`: the variable that names the file. */
export function readPasswordFile(file: string, name: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CredentialsError(`${name}: cannot read ${file} (${code}). Set it to a file that this process may read.`);
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new CredentialsError(`${name}: ${file} is empty. It must hold the password.`);
  return password;
}
