import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { fetchCertificate } from '../ingress/feedback/sns-certificate.ts';
import { createSnsVerifier, type SnsVerifierSettings } from '../ingress/feedback/sns-signature.ts';
import { selfSigned } from '../local/certificate.ts';
import {
  amazon,
  certificateUrl,
  ourTopic,
  signedConfirmation,
  signedNotification,
  type SnsFields,
} from './support/sns.ts';

/** What was fetched; that a refused message makes nobody fetch anything is half of what is tested here. */
function verifierOf(settings: Partial<SnsVerifierSettings> = {}) {
  const fetched: string[] = [];
  const verifier = createSnsVerifier({
    topics: [ourTopic],
    fetchCertificate: async (url) => {
      fetched.push(url);
      return amazon.pem;
    },
    ...settings,
  });
  return {
    fetched,
    verify: (message: unknown, client = '192.0.2.1') => verifier.verify(JSON.stringify(message), client),
  };
}

const refusedFor = (reason: string) => expect.objectContaining({ ok: false, reason });
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
const minute = 60_000;

describe('what AWS signed for a topic of ours is believed', () => {
  const { Subject: _, SigningCertURL: url, ...rest } = signedNotification();
  const genuine: [string, SnsFields][] = [
    ['a notification', signedNotification()],
    ['one with a subject', signedNotification({ Subject: 'Amazon SES Email Event Notification' })],
    ['one whose subject is empty', signedNotification({ Subject: '' })],
    ['one with line ends and letters of every kind', signedNotification({ Message: 'Ä\nMessageId\n☃' })],
    ['one as Lambda writes it', { ...rest, Subject: null, SigningCertUrl: url }],
    ['one that SNS tries again after 59 minutes', signedNotification({ Timestamp: ago(59 * minute) })],
    ['one by a clock that is 4 minutes ahead', signedNotification({ Timestamp: ago(-4 * minute) })],
  ];
  it.each(genuine)('%s', async (_name, message) => {
    const { verify, fetched } = verifierOf();
    const id = message['MessageId'];
    expect(await verify(message)).toEqual({
      ok: true,
      message: { type: 'Notification', topicArn: ourTopic, messageId: id },
    });
    expect(fetched).toEqual([certificateUrl]);
  });

  it.each(['SubscriptionConfirmation', 'UnsubscribeConfirmation'])('a genuine %s, with its token', async (type) => {
    const { verify } = verifierOf();
    const message = expect.objectContaining({ type, topicArn: ourTopic, token: '0badc0de' });
    expect(await verify(signedConfirmation(type))).toEqual({ ok: true, message });
  });

  it('a replay within the hour, with the same MessageId, by which it is recognised', async () => {
    const { verify } = verifierOf();
    const message = signedNotification();
    expect(await verify(message)).toEqual(await verify(message));
  });

  it('one of a topic in China, where hosts end otherwise', async () => {
    const topic = 'arn:aws-cn:sns:cn-north-1:123456789012:ses-events';
    const url = certificateUrl.replace('eu-central-1.amazonaws.com', 'cn-north-1.amazonaws.com.cn');
    const { verify } = verifierOf({ topics: [topic] });
    expect(await verify(signedNotification({ TopicArn: topic, SigningCertURL: url }))).toMatchObject({ ok: true });
  });

  it('version 1, when it is allowed', async () => {
    const { verify } = verifierOf({ signatureVersions: ['1', '2'] });
    expect(await verify(signedNotification({ SignatureVersion: '1' }))).toMatchObject({ ok: true });
  });
});

describe('what is refused before anything is fetched', () => {
  const foreign = ourTopic.replace('123456789012', '210987654321');
  const attacks: [string, string, unknown][] = [
    ['a text that is not an object', 'unreadable', 'hello'],
    ['an array', 'unreadable', [signedNotification()]],
    ['null', 'unreadable', null],
    ['an event of SES that nobody signed', 'unknown_type', { eventType: 'Bounce' }],
    ['a type that SNS does not have', 'unknown_type', signedNotification({ Type: 'constructor' })],
    ['a message without TopicArn', 'foreign_topic', signedNotification({ TopicArn: undefined })],
    ['a foreign topic, signed by AWS', 'foreign_topic', signedNotification({ TopicArn: foreign })],
    ['a topic whose name only starts like ours', 'foreign_topic', signedNotification({ TopicArn: `${ourTopic}2` })],
    ['our topic in capitals', 'foreign_topic', signedNotification({ TopicArn: ourTopic.toUpperCase() })],
    ['a list of topics with ours in it', 'foreign_topic', { ...signedNotification(), TopicArn: [ourTopic] }],
    ['a Message that is no text', 'unreadable', { ...signedNotification(), Message: { eventType: 'Bounce' } }],
    ['a Subject that is no text', 'unreadable', { ...signedNotification(), Subject: ['a'] }],
    [
      'a confirmation without a token',
      'unreadable',
      signedConfirmation('SubscriptionConfirmation', { Token: undefined }),
    ],
    ['version 1, which is SHA-1', 'signature_version', signedNotification({ SignatureVersion: '1' })],
    ['no version', 'signature_version', signedNotification({ SignatureVersion: undefined })],
    ['a message of 2010', 'timestamp', signedNotification({ Timestamp: '2010-01-01T00:00:00.000Z' })],
    ['a replay after more than an hour', 'timestamp', signedNotification({ Timestamp: ago(61 * minute) })],
    ['a message from 6 minutes ahead', 'timestamp', signedNotification({ Timestamp: ago(-6 * minute) })],
    ['a time that is none', 'timestamp', signedNotification({ Timestamp: 'yesterday' })],
  ];
  it.each(attacks)('%s: %s', async (_name, reason, message) => {
    const { verify, fetched } = verifierOf();
    expect(await verify(message)).toEqual(refusedFor(reason));
    expect(fetched).toEqual([]);
  });

  const file = certificateUrl.split('/').at(-1);
  const urls: [string, string | undefined][] = [
    ['none', undefined],
    ['a bucket named sns in the old form of S3', `https://sns.s3-us-west-2.amazonaws.com/${file}`],
    ['S3', `https://s3.amazonaws.com/${file}`],
    ['a host that only starts like it', `https://sns.eu-central-1.amazonaws.com.evil.example/${file}`],
    ['a host that only ends like it', `https://evilsns.eu-central-1.amazonaws.com/${file}`],
    ['another region', `https://sns.us-east-1.amazonaws.com/${file}`],
    ['the same region in China', `https://sns.eu-central-1.amazonaws.com.cn/${file}`],
    ['userinfo', `https://sns.eu-central-1.amazonaws.com@evil.example/${file}`],
    ['userinfo before the right host', `https://evil@sns.eu-central-1.amazonaws.com/${file}`],
    ['a port', `https://sns.eu-central-1.amazonaws.com:8443/${file}`],
    ['the usual port, written out', `https://sns.eu-central-1.amazonaws.com:443/${file}`],
    ['http', `http://sns.eu-central-1.amazonaws.com/${file}`],
    ['a query that ends in .pem', 'https://sns.eu-central-1.amazonaws.com/?x=.pem'],
    ['a query after the file', `${certificateUrl}?x=.pem`],
    ['a fragment', `${certificateUrl}#.pem`],
    ['a path with dots', `https://sns.eu-central-1.amazonaws.com/a/../${file}`],
    ['a path with more before it', `https://sns.eu-central-1.amazonaws.com/a/${file}`],
    ['a backslash', `https:\\\\sns.eu-central-1.amazonaws.com\\${file}`],
    ['a line end after it', `${certificateUrl}\n`],
    ['a name of another length', certificateUrl.replace('0a0a', '0a')],
    ['the address of the cloud machine', `http://169.254.169.254/${file}`],
  ];
  it.each(urls)('a certificate URL with %s', async (_name, url) => {
    const { verify, fetched } = verifierOf();
    for (const key of ['SigningCertURL', 'SigningCertUrl']) {
      const message = signedNotification({ SigningCertURL: undefined, [key]: url });
      expect(await verify(message)).toEqual(refusedFor('certificate_url'));
    }
    expect(fetched).toEqual([]);
  });
});

describe('what is refused for its signature', () => {
  const stranger = selfSigned();
  const forged: [string, SnsFields][] = [
    ['a signature by another key', signedNotification({}, stranger)],
    ['a signature of three bytes', { ...signedNotification(), Signature: 'AAAA' }],
    [
      'a notification read as a confirmation',
      { ...signedConfirmation('Notification'), Type: 'SubscriptionConfirmation' },
    ],
    ['SHA-1 that calls itself version 2', { ...signedNotification({ SignatureVersion: '1' }), SignatureVersion: '2' }],
  ];
  const changed: SnsFields = {
    Message: '{"eventType":"Complaint"}',
    MessageId: '00000000-0000-0000-0000-000000000000',
    Subject: 'added',
    Timestamp: ago(1_000),
    Type: 'UnsubscribeConfirmation',
  };
  for (const [name, value] of Object.entries(changed)) {
    const extra = { Token: '0badc0de', SubscribeURL: 'https://example.com/' };
    forged.push([`${name} changed after signing`, { ...signedNotification(), ...extra, [name]: value }]);
  }
  for (const name of ['Token', 'SubscribeURL', 'Message']) {
    const confirmation = signedConfirmation('SubscriptionConfirmation');
    forged.push([`${name} of a confirmation changed after signing`, { ...confirmation, [name]: 'changed' }]);
  }
  it.each(forged)('%s', async (_name, message) => {
    const { verify } = verifierOf();
    expect(await verify(message)).toEqual(refusedFor('signature'));
  });

  it('another topic of ours put in after signing', async () => {
    const other = `${ourTopic}-too`;
    const { verify } = verifierOf({ topics: [ourTopic, other] });
    expect(await verify({ ...signedNotification(), TopicArn: other })).toEqual(refusedFor('signature'));
  });

  it.each([
    ['ended', { to: new Date(Date.now() - minute) }],
    ['not begun', { from: new Date(Date.now() + minute) }],
  ])('a certificate whose time has %s', async (_name, times) => {
    const signer = selfSigned(times);
    const { verify } = verifierOf({ fetchCertificate: async () => signer.pem });
    expect(await verify(signedNotification({}, signer))).toEqual(refusedFor('certificate_expired'));
  });

  it('no signature', async () => {
    const { verify } = verifierOf();
    expect(await verify({ ...signedNotification(), Signature: undefined })).toEqual(refusedFor('unreadable'));
  });
});

it('what a confirmation says to fetch is neither fetched nor passed on, even when AWS signed it', async () => {
  const { verify, fetched } = verifierOf();
  const url = 'http://169.254.169.254/latest/meta-data/';
  const verdict = await verify(signedConfirmation('SubscriptionConfirmation', { SubscribeURL: url }));
  expect(verdict).toMatchObject({ ok: true });
  expect(JSON.stringify(verdict)).not.toContain('169.254');
  expect(fetched).toEqual([certificateUrl]);
});

describe('the certificate', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** A verifier whose certificates come from a server that answers like this, and how often that was asked. */
  async function servedBy(reply: RequestListener) {
    const served = { asked: 0 };
    server = createServer((request, response) => {
      served.asked += 1;
      reply(request, response);
    });
    const listening = server;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    const local = (url: string, init: RequestInit) => fetch(`http://127.0.0.1:${port}${new URL(url).pathname}`, init);
    const { verify } = verifierOf({
      fetchCertificate: (url) => fetchCertificate(url, { fetch: local, timeoutMs: 300 }),
    });
    return { served, verify };
  }

  it('is fetched once for all messages, also for those that come at once', async () => {
    const { served, verify } = await servedBy((_request, response) => response.end(amazon.pem));
    const verdicts = await Promise.all([verify(signedNotification()), verify(signedNotification())]);
    verdicts.push(await verify(signedNotification()));
    expect(verdicts.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(served.asked).toBe(1);
  });

  const failures: [string, RequestListener][] = [
    [
      'leads on to another place',
      (request, response) =>
        request.url?.endsWith('.pem')
          ? response.writeHead(302, { location: '/elsewhere' }).end()
          : response.end(amazon.pem),
    ],
    ['is larger than 16 KB', (_request, response) => response.end(amazon.pem + '\n'.repeat(16 * 1024))],
    ['never comes', () => undefined],
    ['stops in the middle', (_request, response) => response.write(amazon.pem.slice(0, 100))],
    ['is not there (404), whatever the page says', (_request, response) => response.writeHead(404).end(amazon.pem)],
    ['is not a certificate', (_request, response) => response.end('hello')],
  ];
  it.each(failures)('that %s makes SNS try again, and is asked for anew', async (_name, reply) => {
    let broken = true;
    const { served, verify } = await servedBy((request, response) =>
      broken ? reply(request, response) : response.end(amazon.pem),
    );
    expect(await verify(signedNotification())).toEqual(refusedFor('certificate_unavailable'));
    expect(served.asked).toBe(1);
    broken = false;
    expect(await verify(signedNotification())).toMatchObject({ ok: true });
    expect(served.asked).toBe(2);
  });

  it('by made-up names opens a few connections for each client, and some in all', async () => {
    const asked = new Set<string>();
    const { verify } = verifierOf({
      fetchCertificate: (url) => {
        asked.add(url);
        return url === certificateUrl ? Promise.resolve(amazon.pem) : new Promise(() => undefined);
      },
    });
    const madeUp = (index: number, client: string) => {
      const url = certificateUrl.replace('0a0a', String(1000 + index));
      void verify(signedNotification({ SigningCertURL: url }), client);
    };
    for (let index = 0; index < 50; index++) madeUp(index, '198.51.100.1');
    expect(asked.size).toBe(2);
    expect(await verify(signedNotification(), '198.51.100.1')).toEqual(refusedFor('certificate_unavailable'));
    expect(await verify(signedNotification(), '203.0.113.7')).toMatchObject({ ok: true });
    for (let index = 100; index < 150; index++) madeUp(index, `198.51.100.${index}`);
    expect(asked.size).toBe(33); // the genuine one has ended
  });
});
