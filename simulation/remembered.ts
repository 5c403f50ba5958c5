import { type ConsentRecord, everyTopic, inForce } from '../state/consents.ts';
import type { Contact } from '../state/contacts.ts';
import type { Memory } from '../state/memory.ts';
import type { RecipientState } from '../state/recipients.ts';
import type { RunningJourney } from '../state/running.ts';
import { type Suppression, widened } from '../state/suppressions.ts';
import { unknownRecipient } from '../workflows/recipient-policy.ts';

/** What is known of the one person of a simulation, where a deployment has Redis. */
export interface Remembered {
  memory: Memory;
  recipient: RecipientState;
  clicked: Set<string>;
  /** The simulated run, while it runs. */
  running: RunningJourney[];
}

/** `now`: what time it is in the simulation, Unix ms. */
export function rememberInMemory(user: string, known: Contact, now: () => number): Remembered {
  const contact = { ...known };
  const consents = new Map<string, ConsentRecord>();
  const suppressions = new Map<string, Suppression>();
  const failures = new Map<string, number>();
  const remembered = { recipient: unknownRecipient, clicked: new Set<string>(), running: [] as RunningJourney[] };

  const memory = {
    addressHash: (address: string) => address,
    contacts: {
      record: async (_: string, said: Contact) => void Object.assign(contact, said),
      find: async () => contact,
      addressHashOf: async () => contact.email,
      peopleAt: async () => [user],
    },
    consents: {
      async record(_, { id, state, consent, at }) {
        const { topics, captured_at = at } = consent;
        for (const topic of topics) {
          const before = consents.get(topic);
          const newer =
            !before || before.captured_at < captured_at || (before.captured_at === captured_at && state === 'revoked');
          if (newer && !(state === 'pending' && before?.state === 'granted')) {
            consents.set(topic, { id, topic, channel: 'email', state, captured_at, received_at: now() });
          }
        }
      },
      stateOf: async (_, topic) => inForce(consents.get(topic), consents.get(everyTopic)),
    } satisfies Partial<Memory['consents']>,
    suppressions: {
      async add(_, suppression) {
        const wider = widened(suppressions.get(suppression.reason), suppression);
        if (wider) suppressions.set(suppression.reason, wider);
        return wider !== undefined;
      },
      async lift(_, reason) {
        return reason !== undefined && suppressions.delete(reason) ? [reason] : [];
      },
      async reasonFor(_, mail) {
        const holds = ({ scope, until }: Suppression) =>
          (scope === 'all' || mail === 'marketing') && (until === undefined || until > now());
        return [...suppressions.values()].find(holds)?.reason;
      },
    } satisfies Partial<Memory['suppressions']>,
    recipients: { remember: async (_: string, state: RecipientState) => void (remembered.recipient = state) },
    facts: { record: async () => {} },
    running: { of: async () => remembered.running, forget: async () => {} },
    sends: {
      async release(tag: string) {
        failures.set(tag, (failures.get(tag) ?? 0) + 1);
        return failures.get(tag) ?? 1;
      },
    },
    rates: { park: async (_: unknown, atLeastMs: number) => atLeastMs },
  };
  // The rest of the memory is for what no simulation does; whoever reaches for it by mistake fails at once.
  return Object.assign(remembered, { memory: memory as unknown as Memory });
}
