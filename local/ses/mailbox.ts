import { bareAddress } from './addresses.ts';
import { summarize } from './mail.ts';
import type { Mail, MailSummary } from './mail.ts';
import type { MailLog } from './mail-log.ts';

export interface MailFilter {
  /** Part of a recipient's address, in any case. */
  to?: string | undefined;
  /** Part of the subject, in any case. */
  subject?: string | undefined;
  tag?: { name: string; value: string } | undefined;
  /** Unix ms; only mails accepted at or after it. */
  since?: number | undefined;
}

interface Kept {
  summary: MailSummary;
  mail: Mail | undefined;
  bytes: number;
}

/**
 * The mails that were accepted, oldest dropped first: at most `maxMails` of them, and at most `maxBytes` in all, where
 * bodies go before the list does. The list then still says that a mail was there.
 */
export class Mailbox {
  readonly #maxMails: number;
  readonly #maxBytes: number;
  readonly #log: MailLog | undefined;
  /** In order of acceptance. */
  readonly #kept = new Map<string, Kept>();
  readonly #listeners = new Set<(mail: MailSummary | undefined) => void>();
  #bytes = 0;

  constructor(options: { maxMails: number; maxBytes: number; log?: MailLog | undefined }) {
    this.#maxMails = options.maxMails;
    this.#maxBytes = options.maxBytes;
    this.#log = options.log;
    for (const mail of this.#log?.load(this.#maxMails) ?? []) this.#keep(mail);
  }

  get size(): number {
    return this.#kept.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(mail: Mail): void {
    this.#log?.append(mail);
    this.#keep(mail);
    for (const listener of this.#listeners) listener(summarize(mail));
  }

  /** Newest first. `before` is the id of the last mail of the page before. */
  list(filter: MailFilter = {}, page: { limit?: number; before?: string | undefined } = {}): MailSummary[] {
    const { limit = 100, before } = page;
    const found: MailSummary[] = [];
    let skipping = before !== undefined && this.#kept.has(before);
    for (const { summary } of [...this.#kept.values()].toReversed()) {
      if (found.length >= limit) break;
      if (!skipping && matches(summary, filter)) found.push(summary);
      if (summary.id === before) skipping = false;
    }
    return found;
  }

  summaryOf(id: string): MailSummary | undefined {
    return this.#kept.get(id)?.summary;
  }

  /** The whole mail; undefined when it is unknown or its body was dropped. */
  find(id: string): Mail | undefined {
    return this.#kept.get(id)?.mail;
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
    this.#log?.clear();
    for (const listener of this.#listeners) listener(undefined);
  }

  /** Calls back on every new mail, and with undefined when the mailbox was cleared. Answers how to stop. */
  subscribe(listener: (mail: MailSummary | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with the matching mails, newest first, as soon as there are `count` of them. */
  waitFor(filter: MailFilter, { count = 1, timeoutMs = 10_000 } = {}): Promise<MailSummary[]> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = this.list(filter, { limit: Infinity });
        if (found.length < count) return;
        settle();
        resolve(found);
      };
      const timer = setTimeout(() => {
        settle();
        const seen = this.list(filter, { limit: Infinity }).length;
        reject(new Error(`Waited ${timeoutMs} ms for ${count} mails, saw ${seen}: ${JSON.stringify(filter)}`));
      }, timeoutMs);
      const unsubscribe = this.subscribe(check);
      const settle = () => {
        clearTimeout(timer);
        unsubscribe();
      };
      check();
    });
  }

  #keep(mail: Mail): void {
    const bytes = Buffer.byteLength(JSON.stringify(mail));
    this.#kept.set(mail.id, { summary: summarize(mail), mail, bytes });
    this.#bytes += bytes;
    this.#dropOldest();
  }

  #dropOldest(): void {
    for (const [id, kept] of this.#kept) {
      if (this.#kept.size <= this.#maxMails) break;
      this.#kept.delete(id);
      this.#bytes -= kept.bytes;
    }
    for (const kept of this.#kept.values()) {
      if (this.#bytes <= this.#maxBytes) return;
      if (!kept.mail) continue;
      kept.mail = undefined;
      kept.summary = { ...kept.summary, bodyDropped: true };
      const bytes = Buffer.byteLength(JSON.stringify(kept.summary));
      this.#bytes -= kept.bytes - bytes;
      kept.bytes = bytes;
    }
    for (const [id, kept] of this.#kept) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#kept.delete(id);
      this.#bytes -= kept.bytes;
    }
  }
}

function matches(mail: MailSummary, { to, subject, tag, since }: MailFilter): boolean {
  if (since !== undefined && mail.acceptedAt < since) return false;
  if (subject !== undefined && !mail.subject.toLowerCase().includes(subject.toLowerCase())) return false;
  if (tag !== undefined && mail.tags[tag.name] !== tag.value) return false;
  const wanted = to?.trim().toLowerCase();
  return !wanted || [...mail.to, ...mail.cc, ...mail.bcc].some((recipient) => bareAddress(recipient).includes(wanted));
}
