import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';

import { stringify } from 'csv-stringify/sync';

import { NotDone, WrongUse } from '../wrong-use.ts';

/** The file of `--errors`: refused rows with line and reason, as CSV. */
export interface ErrorsFile {
  write(rows: readonly (readonly string[])[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Creates it. Throws WrongUse when it is the file that is imported, and NotDone when it cannot be written.
 */
export async function openErrors(path: string, imported: string): Promise<ErrorsFile> {
  if (resolve(path) === resolve(imported)) {
    throw new WrongUse('--errors would overwrite the file that is to be imported.');
  }
  // The rows hold addresses.
  const stream = createWriteStream(path, { mode: 0o600 });
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new NotDone(`--errors: ${(error as Error).message}. Nothing was imported.`);
  }
  stream.on('error', () => undefined); // reported when the file is closed
  stream.write(stringify([['line', 'reason', 'row']]));
  return {
    async write(rows) {
      if (rows.length > 0 && !stream.write(stringify(rows.map((row) => [...row])))) await once(stream, 'drain');
    },
    close: () => finished(stream.end()),
  };
}
