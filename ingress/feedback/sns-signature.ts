import { verify as verifySignature, type X509Certificate } from 'node:crypto';

import { asObject, asText, type JsonObject, longest, parseJson } from './json.ts';
import { type CertificateFetch, createCertificates, fetchCertificate } from './sns-certificate.ts';

/**
 * Verifies what claims to come from Amazon SNS. Not one of the libraries for it: they accept any topic, and AWS signs
 * whatever anybody publishes to a topic of their own; they also accept certificates from hosts that are not SNS's.
 */
export interface SnsVerifier {
  /** `client`: the address that it came from. Never rejects. Nothing is fetched for a message that is refused for its topic, its age or its certificate's URL. */
  verify(
    body: string,
    client: string,
  ): Promise<{ ok: true; message: SnsMessage } | { ok: false; reason: SnsRefusal; detail: string }>;
}

/** What was signed and is needed. The SubscribeURL is left out on purpose: nobody can fetch what they do not have. */
export type SnsMessage =
  | { type: 'Notification'; topicArn: string; messageId: string }
  | {
      type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';
      topicArn: string;
      messageId: string;
      token: string;
    };

/**
 * Why a message is not believed. Only `certificate_unavailable` may pass when SNS tries again; `unreadable` and
 * `unknown_type` are no messages of SNS at all.
 */
export type SnsRefusal =
  | 'unreadable'
  | 'unknown_type'
  | 'foreign_topic'
  | 'signature_version'
  | 'timestamp'
  | 'certificate_url'
  | 'certificate_unavailable'
  | 'certificate_expired'
  | 'signature';

export interface SnsVerifierSettings {
  /** ARNs of the topics that are ours. */
  topics: readonly string[];
  /** 2 is SHA-256, and the default; 1 is SHA-1. */
  signatureVersions?: readonly SignatureVersion[];
  /** How old a message may be, in milliseconds. Default: an hour, as long as SNS tries again. */
  maxAgeMs?: number;
  fetchCertificate?: CertificateFetch;
  /** The time, in Unix ms. */
  now?: () => number;
}

type SignatureVersion = '1' | '2';

const hour = 3_600_000;

/** How far SNS's clock may be ahead of ours. */
const maxAheadMs = 5 * 60_000;

const digests: Record<SignatureVersion, string> = { '1': 'RSA-SHA1', '2': 'RSA-SHA256' };

/** What AWS signs, in its order. Subject only when there is one. */
const signedFields = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const satisfies Record<SnsMessage['type'], readonly string[]>;

class Refused extends Error {
  readonly reason: SnsRefusal;
  constructor(reason: SnsRefusal, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

export function createSnsVerifier(settings: SnsVerifierSettings): SnsVerifier {
  const { topics, signatureVersions = ['2'], maxAgeMs = hour, now = Date.now } = settings;
  const certificates = createCertificates(settings.fetchCertificate ?? fetchCertificate);

  const trusted = async (body: string, client: string): Promise<SnsMessage> => {
    const envelope = read(body);
    const type = typeOf(envelope);
    const topicArn = topicOf(envelope, topics);
    const text = canonicalText(envelope, type);
    const version = versionOf(envelope, signatureVersions);
    assertFresh(envelope, now(), maxAgeMs);
    const url = certificateUrl(envelope, topicArn);
    const certificate = await certificates.get(url, client).catch((error: unknown) => {
      throw new Refused('certificate_unavailable', (error as Error).message);
    });
    assertValid(certificate, now());
    assertSigned(envelope, text, version, certificate);
    return messageOf(envelope, type, topicArn);
  };

  return {
    async verify(body, client) {
      try {
        return { ok: true, message: await trusted(body, client) };
      } catch (error) {
        // An error of another kind is a mistake in here; whatever it is, the message has not been verified.
        if (!(error instanceof Refused)) return { ok: false, reason: 'signature', detail: (error as Error).name };
        return { ok: false, reason: error.reason, detail: error.message };
      }
    },
  };
}

function read(body: string): JsonObject {
  const envelope = asObject(parseJson(body));
  if (!envelope) throw new Refused('unreadable', 'the body is not a JSON object');
  return envelope;
}

function typeOf({ Type: type }: JsonObject): SnsMessage['type'] {
  if (typeof type === 'string' && Object.hasOwn(signedFields, type)) return type as SnsMessage['type'];
  throw new Refused('unknown_type', 'Type is none of SNS');
}

function topicOf({ TopicArn: topicArn }: JsonObject, topics: readonly string[]): string {
  if (typeof topicArn === 'string' && topics.includes(topicArn)) return topicArn;
  throw new Refused('foreign_topic', topicArn === undefined ? 'TopicArn is missing' : 'TopicArn is none of ours');
}

function canonicalText(envelope: JsonObject, type: SnsMessage['type']): string {
  // Lambda-style envelopes have a Subject that is null, and AWS did not sign it.
  const fields = signedFields[type].filter((name) => name !== 'Subject' || (envelope[name] ?? null) !== null);
  return fields.map((name) => `${name}\n${textOf(envelope, name)}\n`).join('');
}

function textOf(envelope: JsonObject, name: string): string {
  const value = envelope[name];
  if (typeof value === 'string') return value;
  throw new Refused('unreadable', `${name} is not text`);
}

function versionOf(envelope: JsonObject, allowed: readonly SignatureVersion[]): SignatureVersion {
  const version = allowed.find((one) => one === envelope['SignatureVersion']);
  if (version) return version;
  throw new Refused('signature_version', `SignatureVersion must be ${allowed.join(' or ')}`);
}

function assertFresh(envelope: JsonObject, now: number, maxAgeMs: number): void {
  const text = textOf(envelope, 'Timestamp');
  const age = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) ? now - Date.parse(text) : Number.NaN;
  if (Number.isNaN(age)) throw new Refused('timestamp', 'Timestamp is not an instant');
  if (age > maxAgeMs) throw new Refused('timestamp', 'Timestamp is too long ago');
  if (age < -maxAheadMs) throw new Refused('timestamp', 'Timestamp is in the future');
}

/**
 * The URL has to be, to the letter, one that SNS of the topic's region could have written. It is compared as text and not
 * parsed: so there is no userinfo, port, query, dot segment or second reading of it to think of.
 */
function certificateUrl(envelope: JsonObject, topicArn: string): string {
  const url =
    asText(envelope['SigningCertURL'], longest.link) ?? asText(envelope['SigningCertUrl'], longest.link) ?? '';
  const base = `https://${snsHost(topicArn)}/`;
  const file = /^SimpleNotificationService-[0-9a-f]{32}\.pem$/;
  if (url.startsWith(base) && file.test(url.slice(base.length))) return url;
  throw new Refused('certificate_url', `SigningCertURL is not a certificate at ${base}`);
}

function snsHost(topicArn: string): string {
  const region = topicArn.split(':')[3] ?? '';
  return `sns.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

function assertValid({ validFrom, validTo }: X509Certificate, now: number): void {
  if (now >= Date.parse(validFrom) && now <= Date.parse(validTo)) return;
  throw new Refused('certificate_expired', `the certificate is valid from ${validFrom} to ${validTo}`);
}

function assertSigned(
  envelope: JsonObject,
  text: string,
  version: SignatureVersion,
  { publicKey }: X509Certificate,
): void {
  const signature = Buffer.from(textOf(envelope, 'Signature'), 'base64');
  if (verifySignature(digests[version], Buffer.from(text), publicKey, signature)) return;
  throw new Refused('signature', 'the signature is not of this message by this certificate');
}

function messageOf(envelope: JsonObject, type: SnsMessage['type'], topicArn: string): SnsMessage {
  const messageId = textOf(envelope, 'MessageId');
  return type === 'Notification'
    ? { type, topicArn, messageId }
    : { type, topicArn, messageId, token: textOf(envelope, 'Token') };
}
