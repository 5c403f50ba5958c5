import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { startSesStandIn } from '../local/ses/stand-in.ts';
import { inbox } from './support/inbox.ts';

const { local, send, get, page } = inbox();

describe('the pages', () => {
  test('an empty inbox says how to get a mail', async () => {
    expect(await page('/')).toContain('npx --no rivulet publish user.signed_up --user u_1 --email ada@example.com');
  });

  test('the list is newest first, and searched by recipient without any script', async () => {
    await send({ subject: 'First', to: ['ada@example.com'] });
    await send({ subject: 'Second', to: ['grace@example.com'] });
    await send({ subject: 'Third', to: ['Ada <ADA@example.com>'] });
    const all = await page('/');
    expect([...all.matchAll(/<b>(\w+)<\/b>/g)].map(([, subject]) => subject)).toEqual(['Third', 'Second', 'First']);
    const found = await page('/?to=ada%40');
    expect([...found.matchAll(/<b>(\w+)<\/b>/g)].map(([, subject]) => subject)).toEqual(['Third', 'First']);
    expect(found).toContain('value="ada@"');
    expect(await page('/?to=nobody')).toContain('are to somebody else');
  });

  test('older mails are a page further, and keep the search', async () => {
    for (let n = 0; n < 60; n++) await send({ subject: `Mail ${n}` });
    const first = await page('/?to=ada');
    const next = /href="(\/\?to=ada&amp;before=[^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const second = await page(next);
    expect(first.match(/class="mail"/g)).toHaveLength(50);
    expect(second.match(/class="mail"/g)).toHaveLength(10);
    expect(second).toContain('Mail 0');
    expect(second).not.toContain('Older mails');
  });

  test('a mail that bounced says so in the list', async () => {
    await send({ to: ['bounce@simulator.amazonses.com'] });
    expect(await page('/')).toContain('<span class="badge">Bounced</span>');
  });

  test('an unknown mail is not found', async () => {
    expect((await get('/mails/none')).status).toBe(404);
    expect((await get('/mails/none/body')).status).toBe(404);
    expect((await get('/api/mails/none/raw')).status).toBe(404);
  });

  test('the inbox is cleared by a plain form', async () => {
    await send();
    const reply = await fetch(`${local.standIn.url}/clear`, { method: 'POST', redirect: 'manual' });
    expect([reply.status, reply.headers.get('location')]).toEqual([303, '/']);
    expect(local.standIn.mailbox.size).toBe(0);
  });
});

describe('the API', () => {
  const json = async (path: string) => (await get(path)).json() as Promise<never>;

  test('lists summaries, by filter and page', async () => {
    const first = await send({ subject: 'First' });
    const second = await send({ subject: 'Second', to: ['grace@example.com'], html: '<p>x</p>' });
    expect(await json('/api/mails')).toMatchObject([{ id: second }, { id: first }]);
    expect(await json('/api/mails?to=grace')).toEqual([expect.not.objectContaining({ html: expect.anything() })]);
    expect(await json('/api/mails?subject=first')).toMatchObject([{ id: first }]);
    expect(await json(`/api/mails?limit=1&before=${second}`)).toMatchObject([{ id: first }]);
    expect(await json(`/api/mails?since=${Date.now() + 60_000}`)).toEqual([]);
    expect(await json(`/api/mails?since=${new Date(0).toISOString()}`)).toHaveLength(2);
    for (const wrong of ['limit=0', 'limit=1001', 'limit=x', 'since=yesterday']) {
      expect((await get(`/api/mails?${wrong}`)).status).toBe(400);
    }
  });

  test('gives the whole mail, and the .eml that the recipient would have', async () => {
    const id = await send({ subject: 'Grüße', html: '<p>Hi</p>' });
    expect(await json(`/api/mails/${id}`)).toMatchObject({
      id,
      html: '<p>Hi</p>',
      text: 'Hi',
      tags: { 'rivulet-key': 'k1' },
    });
    const raw = await get(`/api/mails/${id}/raw`);
    expect(raw.headers.get('content-type')).toBe('message/rfc822');
    expect((await PostalMime.parse(await raw.arrayBuffer())).subject).toBe('Grüße');
  });

  test('counts what was accepted, asked and refused', async () => {
    await fetch(`${local.standIn.url}/api/stats`, { method: 'DELETE' });
    await send();
    await send();
    await send({ to: ['nobody'] }).catch(() => undefined);
    expect(await json('/api/stats')).toMatchObject({
      accepted: 2,
      requests: { SendEmail: 3 },
      refused: { BadRequestException: 1 },
      byTag: { k1: 2 },
      perSecond: { second: expect.any(Number), count: expect.any(Number) },
      busiestWindow: { start: expect.any(Number), count: 2 },
      mailbox: { mails: 2 },
    });
    await fetch(`${local.standIn.url}/api/mails`, { method: 'DELETE' });
    expect(await json('/api/stats')).toMatchObject({ accepted: 2, mailbox: { mails: 0 } });
  });
});

describe('live updates', () => {
  /** Reads one event stream until it was told `count` times of a change. */
  async function listen(until: (seen: string[]) => boolean, onReady: () => Promise<unknown>): Promise<string[]> {
    const stop = new AbortController();
    const reply = await fetch(`${local.standIn.url}/events`, { signal: stop.signal });
    const seen: string[] = [];
    const decoder = new TextDecoder();
    for await (const chunk of reply.body ?? []) {
      for (const [, name = ''] of decoder.decode(chunk).matchAll(/^event: (\w+)$/gm)) {
        seen.push(name);
        if (name === 'ready') await onReady();
      }
      if (until(seen)) break;
    }
    stop.abort();
    return seen;
  }

  test('an open page is told of a new mail', async () => {
    expect(
      await listen(
        (seen) => seen.includes('inbox'),
        () => send(),
      ),
    ).toEqual(['ready', 'inbox']);
  });

  test('a burst of mails is told a few times, not once for each', async () => {
    let sent = false;
    const seen = await listen(
      // The last change is always told: an open page must not miss it.
      (events) => sent && events.at(-1) === 'inbox',
      async () => {
        const subjects = Array.from({ length: 40 }, (_, n) => `Mail ${n}`);
        await Promise.all(subjects.map((subject) => send({ subject })));
        sent = true;
      },
    );
    expect(seen.length).toBeLessThan(10);
  });

  test('open pages are bounded, and a closed one makes room', async () => {
    const bounded = await startSesStandIn();
    const stops: AbortController[] = [];
    // A reply that nobody holds is collected as garbage, which closes its stream and makes room.
    const replies: Response[] = [];
    const open = async () => {
      const stop = new AbortController();
      stops.push(stop);
      const reply = await fetch(`${bounded.url}/events`, { signal: stop.signal });
      replies.push(reply);
      return reply.status;
    };
    let status = 200;
    while (status === 200 && stops.length < 100) status = await open();
    expect([status, stops.length]).toEqual([503, 51]);

    for (const stop of stops) stop.abort();
    await expect.poll(open).toBe(200);
    await bounded.close();
  });

  test('closing the stand-in ends the streams', async () => {
    const short = await startSesStandIn();
    const reply = await fetch(`${short.url}/events`);
    await short.close();
    await reply.text().catch(() => 'cut off');
  });
});
