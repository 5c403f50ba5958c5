import { accountLua } from './account.ts';
import { type ConsentRecord, everyTopic } from './consents.ts';
import { type Contact, contactFields, contactOf } from './contacts.ts';
import type { Keys } from './keys.ts';
import { bookLua, horizonUs, paceLua, type Terms } from './rates.ts';
import { clockLua, defineScript, type Redis } from './redis.ts';
import { claimLua, readLua } from './ledger-lua.ts';
import { type Claimed, type MailAbout, type Reply, type SendRecord, toRecord } from './sends.ts';
import { stoppedLua } from './stops.ts';
import { type Suppression } from './suppressions.ts';

/** What is known of a mail and of its person, all of one instant. */
export interface Sight {
  record: SendRecord | undefined;
  contact: Contact;
  /** The hash that stands beside the address, by which the suppressions were found; '' where an older version wrote none. */
  addressHash: string;
  suppressions: Suppression[];
  /** The words in force about the mail's topic and about all of them. */
  consent: { about?: ConsentRecord; all?: ConsentRecord };
  /** Fingerprint of all that says whether this person may get mail. */
  seen: string;
}

/** `changed`: what was seen is no longer so. `wait`: its turn comes then. The others as in sends.ts. */
export type Departed = Exclude<Claimed, { kind: 'too_early' }> | { kind: 'changed' } | { kind: 'wait'; waitMs: number };

/**
 * The way out of a mail that can leave now, in two steps where the queue takes five: one look, and one script that is the
 * limiter, the last look and the ledger's claim together.
 */
export interface Departures {
  look(tag: string, mail: { user: string; topic: string | undefined }): Promise<Sight>;
  /** Claims the mail if nothing has changed, nothing stops it and its slot has come; else its slot stays booked. */
  leave(tag: string, claim: string, terms: Terms, seen: string, about: MailAbout & { user: string }): Promise<Departed>;
}

/** What of a contact says whether and when they may get mail: the country names the consent model, the zone the hours. */
const whoMay = (['email', 'time_zone', 'country'] as const)
  .map((field) => `person[${contactFields.indexOf(field) + 1}] or ''`)
  .join(', ');

/**
 * Suppressions are found by the hash of the address that stands beside it. The fingerprint says nothing but "the same": it is
 * taken twice, by the same code, from the same keys.
 */
const standingLua = `
local function standing(contact, consents, suppressions, topic)
  local person = redis.call('HMGET', contact, 'address_hash', ${contactFields.map((field) => `'${field}'`).join(', ')})
  local hash = table.remove(person, 1) or ''
  local suppressed = hash ~= '' and redis.call('HVALS', suppressions .. hash) or {}
  local said = topic ~= '' and redis.call('HMGET', consents, topic, '${everyTopic}') or { false, false }
  local parts = { hash, ${whoMay}, said[1] or '', said[2] or '', unpack(suppressed) }
  return redis.sha1hex(table.concat(parts, '\\n')), person, suppressed, said, hash
end`;

const lookScript = `${clockLua}${readLua}${standingLua}
local record = read(KEYS[1])
local seen, person, suppressed, said, hash = standing(KEYS[2], KEYS[3], ARGV[1], ARGV[2])
for i = 1, ${contactFields.length} do person[i] = person[i] or '' end
return { record, person, suppressed, { said[1] or '', said[2] or '' }, seen, hash }`;

const leaveScript = `${clockLua}${stoppedLua}${accountLua}${paceLua}${bookLua}${claimLua}${standingLua}
local send, contact, consents, stops, account, pace, slots, queue, told = unpack(KEYS)
local suppressions, topic, seen, mine, keep, lane = unpack(ARGV, 1, 6)
local rate, reserve, horizon, since = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]
local tag, user, template, version = unpack(ARGV, 11, 14)

if not isFree(send, '') then return { 'taken', '' } end
if standing(contact, consents, suppressions, topic) ~= seen then return { 'changed', '' } end
local by = stopped(stops, { unpack(ARGV, 15) })
if by then return { 'stopped', by } end
if not hasQuota(account, lane, reserve) then return { 'no_quota', '' } end
local between = interval(account, rate)
local _, at = book(pace, slots, queue, told, between, tag, horizon, since)
local early = math.max(at - now, earlyBy(pace, between))
if early > between * tolerance then return { 'wait', tostring(math.ceil(early / 1000)) } end
claim(send, account, pace, slots, between, { mine = mine, tag = tag, keep = keep, user = user, template = template, topic = topic, version = version })
return { 'claimed', '' }`;

export function createDepartures(
  redis: Redis,
  keys: Keys,
  { rememberMs, perSecond, quotaReserve }: { rememberMs: number; perSecond: number; quotaReserve: number },
  onDisk: (tag: string, claim: string) => Promise<void>,
): Departures {
  const look = defineScript<[Reply | null, string[], string[], [string, string], string, string]>(
    redis,
    'rivuletLook',
    3,
    lookScript,
    'goOn',
  );
  // A full Redis refuses marketing its slot and lets transactional mail go on, as in rates.ts.
  const leave: Record<Terms['lane'], ReturnType<typeof defineScript<[Departed['kind'], string]>>> = {
    marketing: defineScript(redis, 'rivuletLeaveMarketing', 9, leaveScript),
    transactional: defineScript(redis, 'rivuletLeaveTransactional', 9, leaveScript, 'goOn'),
  };
  return {
    async look(tag, { user, topic = '' }) {
      const of = [keys.send(tag), keys.contact(user), keys.consents(user)];
      const [record, person, suppressed, [about, all], seen, addressHash] = await look(of, [
        keys.suppression(''),
        topic,
      ]);
      const said = (text: string) => JSON.parse(text) as ConsentRecord;
      return {
        record: toRecord(record),
        contact: contactOf(person),
        addressHash,
        suppressions: suppressed.map((text) => JSON.parse(text) as Suppression),
        consent: { ...(about && { about: said(about) }), ...(all && { all: said(all) }) },
        seen,
      };
    },
    async leave(tag, claim, { lane, since, stops }, seen, { user, template = '', topic = '', version = '' }) {
      const rates = ['pace', 'slots', lane, `told-${lane}`].map(keys.rate);
      const [kind, value] = await leave[lane](
        [keys.send(tag), keys.contact(user), keys.consents(user), keys.stops(), keys.account(), ...rates],
        [
          keys.suppression(''),
          topic,
          seen,
          claim,
          rememberMs,
          lane,
          perSecond,
          quotaReserve,
          horizonUs[lane],
          since,
          tag,
          user,
          template,
          version,
          ...stops,
        ],
      );
      if (kind === 'claimed') await onDisk(tag, claim);
      if (kind === 'stopped') return { kind, by: value };
      if (kind === 'wait') return { kind, waitMs: Number(value) };
      return { kind };
    },
  };
}
