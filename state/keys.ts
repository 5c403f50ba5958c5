import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { domainToASCII } from 'node:url';

/** Names of everything in Redis and the hashes in them. Made once per process from the prefix and RIVULET_SECRET. */
export interface Keys {
  contact(userId: string): string;
  /** Who has this address. */
  people(addressHash: string): string;
  /** What a person says now, topic by topic; and everything they ever said. */
  consents(userId: string): string;
  consentLog(userId: string): string;
  /** The words that somebody agreed to, by their hash. */
  wording(hash: string): string;
  suppression(addressHash: string): string;
  /** Suppressions that the provider's list does not have yet, and those it has no more business having. */
  suppressionsToTell(): string;
  suppressionsToLift(): string;
  suppressionSync(): string;
  /** What the recipient workflow knows between two of its runs. */
  recipient(addressHash: string): string;
  facts(addressHash: string): string;
  /** Opens and clicks of one mail. */
  engagement(messageTag: string): string;
  send(messageTag: string): string;
  /** What the event feed has told, and how far it has been read. */
  feed(): string;
  feedRead(): string;
  /** Workers that are alive. */
  workers(): string;
  /** Gates and pauses. */
  stops(): string;
  /** What the provider allows, and the pace of the whole account. */
  account(): string;
  /** Held by the process whose turn it is. */
  turn(of: string): string;
  rate(bucket: string): string;
  running(userId: string): string;
  heard(userId: string, eventType: string): string;
  deadLetter(id: string): string;
  /** What was decided about an event. */
  decision(eventId: string): string;
  /** Who has a place in a journey that may be had once. */
  entry(userId: string, journey: string, per: string): string;
  /** One published template; what was done to a template, oldest first; what is live, held, and taken back. */
  templateVersion(name: string, version: string): string;
  templateHistory(name: string): string;
  templatesLive(): string;
  templatesPinned(): string;
  templatesTakenBack(): string;
  /** The channel on which workers hear that another version is live. */
  templatesChanged(): string;
  /** Shows with which secret hashes were made. */
  secret(): string;
  /** The keyed hash of an address: the same for every spelling of it, and no way back without the secret. */
  addressHash(address: string): string;
}

export function createKeys(prefix: string, secret: string): Keys {
  // A key of its own for each use: a hash made for one purpose says nothing about another.
  const addressKey = Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'hex'), '', 'rivulet address hash', 32));
  const addressHash = (address: string) =>
    createHmac('sha256', addressKey).update(normaliseAddress(address)).digest('base64url').slice(0, 32);
  return {
    contact: (userId) => `${prefix}contact:${userId}`,
    people: (hash) => `${prefix}people:${hash}`,
    consents: (userId) => `${prefix}consents:${userId}`,
    consentLog: (userId) => `${prefix}consent-log:${userId}`,
    wording: (hash) => `${prefix}wording:${hash}`,
    suppression: (hash) => `${prefix}suppression:${hash}`,
    suppressionsToTell: () => `${prefix}suppressions-to-tell`,
    suppressionsToLift: () => `${prefix}suppressions-to-lift`,
    suppressionSync: () => `${prefix}suppression-sync`,
    recipient: (hash) => `${prefix}recipient:${hash}`,
    facts: (hash) => `${prefix}facts:${hash}`,
    engagement: (messageTag) => `${prefix}engagement:${messageTag}`,
    send: (messageTag) => `${prefix}send:${messageTag}`,
    feed: () => `${prefix}feed`,
    feedRead: () => `${prefix}feed-read`,
    workers: () => `${prefix}workers`,
    stops: () => `${prefix}stops`,
    account: () => `${prefix}account`,
    turn: (of) => `${prefix}turn:${of}`,
    rate: (bucket) => `${prefix}rate:${bucket}`,
    running: (userId) => `${prefix}running:${userId}`,
    heard: (userId, eventType) => `${prefix}heard:${userId}:${eventType}`,
    deadLetter: (id) => `${prefix}dlq:${id}`,
    decision: (eventId) => `${prefix}decision:${eventId}`,
    entry: (userId, journey, per) =>
      `${prefix}entry:${userId}:${journey}:${createHash('sha256').update(per).digest('base64url').slice(0, 22)}`,
    templateVersion: (name, version) => `${prefix}template:${name}:${version}`,
    templateHistory: (name) => `${prefix}template-history:${name}`,
    templatesLive: () => `${prefix}templates-live`,
    templatesPinned: () => `${prefix}templates-pinned`,
    templatesTakenBack: () => `${prefix}templates-taken-back`,
    templatesChanged: () => `${prefix}templates-changed`,
    secret: () => `${prefix}secret`,
    addressHash,
  };
}

/** Trimmed, lower case, domain in punycode. Dots and +tags stay: they are different mailboxes at many providers. */
function normaliseAddress(address: string): string {
  const trimmed = address.trim().toLowerCase();
  const at = trimmed.lastIndexOf('@');
  return `${trimmed.slice(0, at)}@${domainToASCII(trimmed.slice(at + 1))}`;
}

/**
 * What one mail is called: one event sends one template at most once. A journey that sends a template twice on purpose
 * gives each time its own key.
 */
export function messageKey(eventId: string, template: string, key?: string): string {
  return key === undefined ? `${eventId}/${template}` : `${eventId}/${template}#${key}`;
}

/** The SES tag that carries the message tag through the provider and back in every event. */
export const messageTagName = 'rivulet-key';

/** The message key in the characters that an SES tag allows; it comes back in every event about the mail. */
export function messageTag(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
