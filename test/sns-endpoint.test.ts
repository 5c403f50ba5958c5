import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';

import { addSnsEndpoint, createSnsConfirm } from '../ingress/feedback/sns-endpoint.ts';
import { createSnsVerifier } from '../ingress/feedback/sns-signature.ts';
import { storeFeedback } from '../ingress/feedback/store.ts';
import { provisionNats } from '../ingress/nats.ts';
import { listen } from '../runtime/health.ts';
import { amazon, ourTopic, signedConfirmation, signedNotification } from './support/sns.ts';

/** The endpoint on a real app. What it stores, confirms, counts and logs is kept. */
function endpoint({ certificate = async () => amazon.pem } = {}) {
  const app = new Hono();
  const store = vi.fn(async (_bytes: Uint8Array): Promise<unknown> => 'stored');
  const confirm = vi.fn(async (_topicArn: string, _token: string): Promise<unknown> => undefined);
  const counted: string[] = [];
  const logged: unknown[] = [];
  const note = (...facts: unknown[]) => void logged.push(facts);
  addSnsEndpoint(app, {
    verifier: createSnsVerifier({ topics: [ourTopic], fetchCertificate: certificate }),
    store,
    confirm,
    count: (result) => counted.push(result),
    log: { info: note, warn: note, error: note },
  });
  const post = async (body: unknown, headers = { 'content-type': 'text/plain; charset=UTF-8' }) =>
    app.request('/feedback/sns', { method: 'POST', body: body as string, headers });
  return { app, store, confirm, counted, logged, post };
}

const bytesOf = (message: object) => new TextEncoder().encode(JSON.stringify(message));

describe('a notification', () => {
  it.each(['text/plain; charset=UTF-8', 'application/json', 'application/x-www-form-urlencoded'])(
    'that calls itself %s is stored to the byte, and then answered 200',
    async (contentType) => {
      const { post, store, counted } = endpoint();
      const message = signedNotification();
      const answer = await post(JSON.stringify(message), { 'content-type': contentType });
      expect(answer.status).toBe(200);
      expect(store.mock.calls).toEqual([[Buffer.from(bytesOf(message))]]);
      expect(counted).toEqual(['stored']);
    },
  );

  it('is answered only once it is stored', async () => {
    const { post, store } = endpoint();
    let stored = () => {};
    const asked = new Promise<void>((resolve) => {
      store.mockImplementation(() => {
        resolve();
        return new Promise((done) => (stored = () => done('stored')));
      });
    });
    let answered = false;
    const answer = post(JSON.stringify(signedNotification())).finally(() => (answered = true));
    await asked;
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    stored();
    expect((await answer).status).toBe(200);
  });

  it('that cannot be stored is answered 503, so that SNS tries again', async () => {
    const { post, store, counted } = endpoint();
    store.mockRejectedValue(new Error('NATS is away'));
    const answer = await post(JSON.stringify(signedNotification()));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('10');
    expect(counted).toEqual(['store_failed']);
  });

  it('that SNS delivers twice lies in the stream once', async () => {
    const nats = await connect({ servers: inject('servers').nats });
    const settings = { events: 'MARKETING_EVENTS', deadLetters: 'MARKETING_DLQ', maxAgeMs: 604_800_000 };
    const manager = await jetstreamManager(nats);
    await provisionNats({ manager }, { ...settings, maxAckPending: 1_000, retries: 'MARKETING_RETRY' });
    const { post, store } = endpoint();
    const results: string[] = [];
    store.mockImplementation(async (bytes) =>
      results.push(await storeFeedback({ js: jetstream(nats), manager }, bytes)),
    );
    const body = JSON.stringify(signedNotification({ MessageId: crypto.randomUUID() }));
    expect([(await post(body)).status, (await post(body)).status]).toEqual([200, 200]);
    expect(results).toEqual(['stored', 'stored_before']);
    await nats.close();
  });
});

describe('what is not believed is not stored', () => {
  const secretWords = 'words that must not be logged';
  const refused: [string, string, number, string][] = [
    ['no body', 'unreadable', 400, ''],
    ['a body that is not JSON', 'unreadable', 400, `{ ${secretWords}`],
    ['an event that nobody signed', 'unknown_type', 400, JSON.stringify({ eventType: 'Bounce', secretWords })],
    ['a foreign topic', 'foreign_topic', 403, JSON.stringify(signedNotification({ TopicArn: secretWords }))],
    ['a changed message', 'signature', 403, JSON.stringify({ ...signedNotification(), Message: secretWords })],
    [
      'a forged confirmation',
      'signature',
      403,
      JSON.stringify({ ...signedConfirmation('SubscriptionConfirmation'), Token: secretWords }),
    ],
  ];
  it.each(refused)('%s: %s, %i', async (_name, reason, status, body) => {
    const { post, store, confirm, counted, logged } = endpoint();
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toBe('refused\n');
    expect(counted).toEqual([reason]);
    expect(store).not.toHaveBeenCalled();
    expect(confirm).not.toHaveBeenCalled();
    expect(JSON.stringify(logged)).not.toContain(secretWords);
  });

  it('a message whose certificate cannot be had now is asked for again', async () => {
    const { post, store, counted } = endpoint({ certificate: () => Promise.reject(new Error('no answer')) });
    expect((await post(JSON.stringify(signedNotification()))).status).toBe(503);
    expect(counted).toEqual(['certificate_unavailable']);
    expect(store).not.toHaveBeenCalled();
  });

  it('another method than POST is not known', async () => {
    expect((await endpoint().app.request('/feedback/sns')).status).toBe(404);
  });
});

describe('a subscription', () => {
  it('to a topic of ours is confirmed by its token, and its URL is not fetched', async () => {
    const fetching = vi.spyOn(globalThis, 'fetch');
    const { post, confirm, store, counted, logged } = endpoint();
    const url = 'http://169.254.169.254/latest/meta-data/';
    const answer = await post(JSON.stringify(signedConfirmation('SubscriptionConfirmation', { SubscribeURL: url })));
    expect(answer.status).toBe(200);
    expect(confirm.mock.calls).toEqual([[ourTopic, '0badc0de']]);
    expect(store).not.toHaveBeenCalled();
    expect(fetching).not.toHaveBeenCalled();
    expect(counted).toEqual(['confirmed']);
    expect(JSON.stringify(logged)).not.toContain('0badc0de');
    fetching.mockRestore();
  });

  it('that cannot be confirmed is answered 503', async () => {
    const { post, confirm, counted } = endpoint();
    confirm.mockRejectedValue(new Error('AccessDenied'));
    const answer = await post(JSON.stringify(signedConfirmation('SubscriptionConfirmation')));
    expect(answer.status).toBe(503);
    expect(counted).toEqual(['confirm_failed']);
  });

  it('that has ended is noted, and never confirmed again', async () => {
    const { post, confirm, store, counted } = endpoint();
    const answer = await post(JSON.stringify(signedConfirmation('UnsubscribeConfirmation')));
    expect(answer.status).toBe(200);
    expect(confirm).not.toHaveBeenCalled();
    expect(store).not.toHaveBeenCalled();
    expect(counted).toEqual(['unsubscribed']);
  });
});

describe('confirming', () => {
  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-test-secret');
  });
  afterEach(() => void vi.unstubAllEnvs());

  it('calls SNS in the region of the topic, so that only this account can end the subscription', async () => {
    const seen: { form: URLSearchParams; authorization: string | undefined }[] = [];
    const result = `<ConfirmSubscriptionResult><SubscriptionArn>${ourTopic}:1</SubscriptionArn></ConfirmSubscriptionResult>`;
    const sns = createServer((incoming, outgoing) => {
      void text(incoming).then((body) => {
        seen.push({ form: new URLSearchParams(body), authorization: incoming.headers.authorization });
        outgoing.end(`<ConfirmSubscriptionResponse>${result}</ConfirmSubscriptionResponse>`);
      });
    });
    await new Promise<void>((resolve) => sns.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('AWS_ENDPOINT_URL_SNS', `http://127.0.0.1:${(sns.address() as AddressInfo).port}`);
    await createSnsConfirm()(ourTopic, '0badc0de');
    sns.closeAllConnections();
    sns.close();
    expect(Object.fromEntries(seen[0]?.form ?? [])).toMatchObject({
      Action: 'ConfirmSubscription',
      TopicArn: ourTopic,
      Token: '0badc0de',
      AuthenticateOnUnsubscribe: 'true',
    });
    expect(seen[0]?.authorization).toContain('/eu-central-1/sns/');
  });
});

describe('a body that is too large', () => {
  const chunk = Buffer.alloc(64 * 1024, ' ');

  it('is refused however small it says it is', async () => {
    const { app, counted, store } = endpoint();
    const body = Buffer.concat(Array.from({ length: 5 }, () => chunk));
    const answer = await app.request('/feedback/sns', { method: 'POST', body, headers: { 'content-length': '10' } });
    expect(answer.status).toBe(413);
    expect(counted).toEqual(['too_large']);
    expect(store).not.toHaveBeenCalled();
  });

  it('is refused as soon as it is, without waiting for an end that never comes', async () => {
    const { app, counted } = endpoint();
    const server = await listen(app, '127.0.0.1', 0, 'HTTP_PORT');
    const sending = request(`${server.url}/feedback/sns`, {
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked' },
    });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      sending.on('response', (answer) => resolve(answer.statusCode));
      sending.on('error', reject);
      for (let sent = 0; sent < 5; sent++) sending.write(chunk);
    });
    expect(status).toBe(413);
    expect(counted).toEqual(['too_large']);
    sending.on('error', () => undefined);
    sending.destroy();
    await server.close();
  });

  it('is no trouble up to 256 KB', async () => {
    const { post, counted } = endpoint();
    const message = signedNotification({ Message: 'x'.repeat(250 * 1024) });
    expect((await post(JSON.stringify(message))).status).toBe(200);
    expect(counted).toEqual(['stored']);
  });

  it('and one that ends in the middle is refused', async () => {
    const { app, counted } = endpoint();
    const body = new ReadableStream({ start: (stream) => stream.error(new Error('the connection was lost')) });
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect((await app.request('/feedback/sns', init)).status).toBe(400);
    expect(counted).toEqual(['cut_short']);
  });
});
