import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';

const maxPages = 50;
const heartbeatMs = 15_000;

/** Tells open pages which templates have changed. */
export interface LiveChanges {
  tell(names: readonly string[]): void;
  serve(c: Context): Response;
}

/** However much is saved while a page is slow to read, it is told once: what it then loads is the present. */
export function createLiveChanges(closing: AbortSignal): LiveChanges {
  const pages = new Set<(names: readonly string[]) => void>();
  return {
    tell(names) {
      for (const page of pages) page(names);
    },
    serve(c) {
      if (pages.size >= maxPages) return c.text('Too many open pages.', 503, { 'retry-after': '30' });
      const untold = new Set<string>();
      let wake = () => {};
      const page = (names: readonly string[]) => {
        for (const name of names) untold.add(name);
        wake();
      };
      pages.add(page);
      return streamSSE(c, async (stream) => {
        const gone = new AbortController();
        stream.onAbort(() => gone.abort());
        const ended = AbortSignal.any([gone.signal, closing]);
        ended.addEventListener('abort', () => wake());
        try {
          await stream.writeSSE({ event: 'ready', data: '' });
          while (!ended.aborted) {
            if (untold.size === 0) {
              await new Promise<void>((resolve) => {
                const timer = setTimeout(resolve, heartbeatMs);
                wake = () => {
                  clearTimeout(timer);
                  resolve();
                };
              });
            }
            if (ended.aborted) break;
            const data = [...untold].join(' ');
            untold.clear();
            await stream.writeSSE({ event: data === '' ? 'heartbeat' : 'saved', data });
          }
        } finally {
          pages.delete(page);
        }
      });
    },
  };
}
