import { readSmallFile, shownPath, whyUnreadable } from '../config/small-file.ts';
import { CredentialsError } from './credentials-error.ts';

/** The password in a file, without the line break at its end. `name`: the variable that names the file. */
export function readPasswordFile(file: string, name: string): string {
  let text: string;
  try {
    text = readSmallFile(file);
  } catch (error) {
    throw new CredentialsError(
      `${name}: ${shownPath(file)}: ${whyUnreadable(error)}. Set it to the path of a file that this process may read.`,
    );
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new CredentialsError(`${name}: ${shownPath(file)} is empty. It must hold the password.`);
  return password;
}
