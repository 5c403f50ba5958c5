import {
  consentChange,
  consentFacts,
  type Consents,
  everyTopic,
  heldAt,
  inForce,
  oneRequestPerMs,
  type OptOut,
} from '../consents.ts';
import { type MemoryPerson, type MemoryRecord, personIn } from './record.ts';

interface Request {
  user: string;
  event: string;
  /** Unix ms. */
  at: number;
  /** How long their log was then. */
  said: number;
}

export function createConsents(record: MemoryRecord): Consents {
  /** Who was asked last to confirm, by address and topic. */
  const requests = new Map<string, Request>();

  /** Whether the person has said yes or no since they were asked. */
  const answered = ({ user, said }: Request, topic: string) =>
    (record.people.get(user)?.log ?? [])
      .slice(said)
      .some((each) => [topic, everyTopic].includes(each.topic) && each.state !== 'pending');

  return {
    async record(userId, statement) {
      if (statement.consent.topics.length === 0) return;
      const person = personIn(record, userId);
      const change = consentChange(person.log, statement, record.now(), addressesOf(person));
      person.log.push(...change.added);
      for (const each of change.inForce) person.consents.set(each.topic, each);
      if (change.inForce.length > 0) person.version += 1;
      if (change.wording) record.wordings.set(change.wording.hash, change.wording.text);
      record.recordFacts(consentFacts(userId, statement, change));
    },
    async stateOf(userId, topic) {
      const [about, all] = [topic, everyTopic].map((name) => record.people.get(userId)?.consents.get(name));
      const addresses = addressesOf(record.people.get(userId));
      return inForce(about && heldAt(about, addresses), all);
    },
    async now(userId) {
      const person = record.people.get(userId);
      const consents = [...(person?.consents ?? [])];
      return Object.fromEntries(consents.map(([topic, each]) => [topic, heldAt(each, addressesOf(person))]));
    },
    async history(userId) {
      return (record.people.get(userId)?.log ?? []).map(({ wording, ...rest }) => ({
        ...rest,
        ...(wording !== undefined && { wording: record.wordings.get(wording) ?? wording }),
      }));
    },
    async optedOutAt(addressHashes, userId) {
      const newest = new Map<string, OptOut>();
      for (const [user, { addressHash = '', consents }] of record.people) {
        if (user === userId) continue;
        for (const { id, topic, state, captured_at, address_hash: saidAt = '' } of consents.values()) {
          if (![addressHash, saidAt].some((hash) => addressHashes.includes(hash))) continue;
          if (state !== 'revoked' || captured_at <= (newest.get(topic)?.captured_at ?? -Infinity)) continue;
          newest.set(topic, { id, topic, captured_at });
        }
      }
      return [...newest.values()];
    },
    async mayAsk(userId, eventId, topics) {
      const { addressHash: address, log = [] } = record.people.get(userId) ?? {};
      if (address === undefined) return true;
      const free = topics.filter((topic) => {
        const open = requests.get(`${address} ${topic}`);
        const isOver = open && (record.now() - open.at > oneRequestPerMs || answered(open, topic));
        return !open || open.event === eventId || isOver;
      });
      for (const topic of free) {
        const key = `${address} ${topic}`;
        if (requests.get(key)?.event === eventId) continue;
        requests.set(key, { user: userId, event: eventId, at: record.now(), said: log.length });
      }
      return free.length > 0;
    },
  };
}

function addressesOf(person: Pick<MemoryPerson, 'addressHash'> | undefined): string[] {
  return person?.addressHash === undefined ? [] : [person.addressHash];
}
