import { consentChange, consentFacts, type Consents, everyTopic, inForce } from '../consents.ts';
import { type MemoryRecord, personIn } from './record.ts';

export function createConsents(record: MemoryRecord): Consents {
  return {
    async record(userId, statement) {
      if (statement.consent.topics.length === 0) return;
      const person = personIn(record, userId);
      const change = consentChange(person.log, statement, record.now());
      person.log.push(...change.added);
      for (const each of change.inForce) person.consents.set(each.topic, each);
      if (change.inForce.length > 0) person.version += 1;
      if (change.wording) record.wordings.set(change.wording.hash, change.wording.text);
      record.recordFacts(consentFacts(userId, statement, change));
    },
    async stateOf(userId, topic) {
      const consents = record.people.get(userId)?.consents;
      return inForce(consents?.get(topic), consents?.get(everyTopic));
    },
    now: async (userId) => Object.fromEntries(record.people.get(userId)?.consents ?? []),
    async history(userId) {
      return (record.people.get(userId)?.log ?? []).map(({ wording, ...rest }) => ({
        ...rest,
        ...(wording !== undefined && { wording: record.wordings.get(wording) ?? wording }),
      }));
    },
  };
}
