import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mail } from './mail.ts';

/**
 * The inbox on disk: one JSON line per mail, only ever appended to. It is rewritten with the mails that are still
 * wanted at start, and started over when it has grown past its bound, so that it cannot fill the disk.
 */
export class MailLog {
  readonly #file: string;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(dir: string, maxBytes: number) {
    mkdirSync(dir, { recursive: true });
    this.#file = join(dir, 'inbox.jsonl');
    this.#maxBytes = maxBytes;
  }

  /** The newest `count` mails, oldest first. A line torn by a crash is skipped. */
  load(count: number): Mail[] {
    if (!existsSync(this.#file)) return [];
    const mails = readFileSync(this.#file, 'utf8')
      .split('\n')
      .slice(-(count + 1))
      .flatMap(readLine);
    this.#rewrite(mails.slice(-count));
    return mails.slice(-count);
  }

  append(mail: Mail): void {
    const line = `${JSON.stringify(mail)}\n`;
    if (this.#bytes + line.length > 2 * this.#maxBytes) this.#halve();
    appendFileSync(this.#file, line);
    this.#bytes += Buffer.byteLength(line);
  }

  clear(): void {
    this.#rewrite([]);
  }

  #halve(): void {
    const lines = readFileSync(this.#file, 'utf8').split('\n');
    this.#rewrite(lines.slice(Math.floor(lines.length / 2)).flatMap(readLine));
  }

  #rewrite(mails: Mail[]): void {
    const text = mails.map((mail) => `${JSON.stringify(mail)}\n`).join('');
    // Written beside and renamed over: a crash leaves the old file or the new one, never half of either.
    writeFileSync(`${this.#file}.new`, text);
    renameSync(`${this.#file}.new`, this.#file);
    this.#bytes = Buffer.byteLength(text);
  }
}

function readLine(line: string): Mail[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as Mail];
  } catch {
    return [];
  }
}
