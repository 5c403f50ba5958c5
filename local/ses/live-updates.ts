import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Mailbox } from './mailbox.ts';

const MAX_CLIENTS = 50;
const HEARTBEAT_MS = 15_000;
/** A page is told at most this often. */
const PAUSE_MS = 100;

/**
 * Tells open pages that the inbox has changed. However many mails arrive while a page is slow to read, it is told once:
 * what it then loads is the present, so nothing has to be queued for it.
 */
export class LiveUpdates {
  readonly #mailbox: Mailbox;
  readonly #closing: AbortSignal;
  #clients = 0;

  constructor(mailbox: Mailbox, closing: AbortSignal) {
    this.#mailbox = mailbox;
    this.#closing = closing;
  }

  serve(c: Context): Response {
    if (this.#clients >= MAX_CLIENTS) return c.text('Too many open pages.', 503, { 'retry-after': '30' });
    this.#clients += 1;
    return streamSSE(c, async (stream) => {
      const gone = new AbortController();
      const ended = AbortSignal.any([gone.signal, this.#closing]);
      const change = new Bell();
      const unsubscribe = this.#mailbox.subscribe(() => change.ring());
      ended.addEventListener('abort', () => change.ring());
      stream.onAbort(() => gone.abort());
      try {
        await stream.writeSSE({ event: 'ready', data: String(this.#mailbox.size) });
        while (!ended.aborted) {
          const rang = await change.wait(HEARTBEAT_MS);
          if (ended.aborted) break;
          await stream.writeSSE({ event: rang ? 'inbox' : 'heartbeat', data: String(this.#mailbox.size) });
          await sleep(PAUSE_MS, undefined, { signal: ended }).catch(() => undefined);
        }
      } finally {
        this.#clients -= 1;
        unsubscribe();
      }
    });
  }
}

/** Wakes one waiter; rings that nobody waits for are remembered as one. */
class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** True when it rang, false when `ms` went by in silence. */
  async wait(ms: number): Promise<boolean> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    const rang = this.#rung;
    this.#rung = false;
    return rang;
  }
}
