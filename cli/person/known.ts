import { eligibility, personOnly, type Undeliverable } from '../../activities/check-consent.ts';
import { type ConsentModel, consentModel } from '../../config/consent-model.ts';
import type { Config } from '../../config/schema.ts';
import type { Contact } from '../../events/person.ts';
import { type ConsentRecord, type ConsentState, everyTopic, decisive, inForce } from '../../store/consents.ts';
import type { About, Fact, FactCursor, Facts } from '../../store/facts.ts';
import type { Store } from '../../store/store.ts';
import type { RunningJourney } from '../../store/running.ts';
import type { Suppression } from '../../store/suppressions.ts';
import type { Template } from '../../templates/catalogue.ts';
import { masked } from '../suppressions/whom.ts';

type Standing = { may: true } | { may: false; why: Undeliverable };

/** What is known about one topic; `since` and `source` are of the word that is in force. Times are Unix ms. */
export type TopicStanding = { topic: string; state: ConsentState | 'none'; since?: number; source?: string } & Standing;

/** What is known about a person, for whoever asks why they get mail or not. Times are Unix ms. */
export interface Known {
  user_id: string;
  /** Its address is masked, but in an export. */
  contact: Contact;
  address_hash?: string;
  consent_model: ConsentModel;
  transactional: Standing;
  topics: TopicStanding[];
  suppressions: Suppression[];
  /** Bounces in a row. */
  bounces: { soft: number; soft_since?: number; no_domain: number; suppressed_for_a_time: number };
  /** Oldest first. Opens and clicks stand by themselves. */
  facts: Fact[];
  engagement: Fact[];
  running: RunningJourney[];
}

export interface Everything extends Known {
  exported_at: number;
  /** Everything they ever said, oldest first, with the words they were shown. */
  consents: ConsentRecord[];
}

const isEngagement = ({ what }: Fact) => what === 'opened' || what === 'clicked';

/** Undefined when nothing is known. */
export async function knownAbout(store: Store, config: Config, user: string): Promise<Known | undefined> {
  const known = await gather(store, config, user, lastFacts);
  const email = known?.contact.email;
  return known && email !== undefined ? { ...known, contact: { ...known.contact, email: masked(email) } } : known;
}

export async function everythingAbout(store: Store, config: Config, user: string): Promise<Everything | undefined> {
  const known = await gather(store, config, user, allFacts);
  return known && { exported_at: Date.now(), ...known, consents: await store.consents.history(user) };
}

type ReadFacts = (facts: Facts, about: About) => Promise<Fact[]>;

const pageSize = 500;

const lastFacts: ReadFacts = (facts, about) => facts.lastOf(about, pageSize);

const allFacts: ReadFacts = async (facts, about) => {
  const read: Fact[] = [];
  for (let after: FactCursor | undefined; ;) {
    const page = await facts.of(about, { limit: pageSize, ...(after && { after }) });
    read.push(...page);
    if (page.length < pageSize) return read;
    after = page.at(-1);
  }
};

/** What happened to the person and to their address, each once, oldest first. */
async function happenedTo(facts: Facts, read: ReadFacts, user: string, hash: string | undefined): Promise<Fact[]> {
  const [ofPerson, ofAddress] = await Promise.all([
    read(facts, { user_id: user }),
    hash === undefined ? [] : read(facts, { address_hash: hash }),
  ]);
  const all = new Map([...ofPerson, ...ofAddress].map((fact) => [fact.id, fact]));
  return [...all.values()].toSorted((one, other) => one.at - other.at);
}

async function gather(store: Store, config: Config, user: string, readFacts: ReadFacts): Promise<Known | undefined> {
  const { contacts, consents, suppressions, recipients, facts, running } = store;
  const [contact, hash, said, journeys] = await Promise.all([
    contacts.find(user),
    contacts.addressHashOf(user),
    consents.now(user),
    running.of(user),
  ]);
  if (Object.keys({ ...contact, ...said }).length === 0 && journeys.length === 0) return undefined;
  const happened = await happenedTo(facts, readFacts, user, hash);
  const [suppressed, streak] =
    hash === undefined ? [[], undefined] : await Promise.all([suppressions.of(hash), recipients.recall(hash)]);
  return {
    user_id: user,
    contact,
    ...(hash !== undefined && { address_hash: hash }),
    consent_model: consentModel(config.compliance, contact.country),
    transactional: await standing(store, config, user, { class: 'transactional' }),
    topics: await topicsOf(store, config, user, said),
    suppressions: suppressed,
    bounces: {
      soft: streak?.softBounces ?? 0,
      ...(streak?.softSince !== undefined && { soft_since: streak.softSince }),
      no_domain: streak?.noDomain ?? 0,
      suppressed_for_a_time: streak?.timeouts ?? 0,
    },
    facts: happened.filter((fact) => !isEngagement(fact)),
    engagement: happened.filter(isEngagement),
    running: journeys,
  };
}

function topicsOf(
  store: Store,
  config: Config,
  user: string,
  said: Record<string, ConsentRecord>,
): Promise<TopicStanding[]> {
  const all = said[everyTopic];
  const topics = [...new Set([...Object.keys(config.topics), ...Object.keys(said)])].filter(
    (name) => name !== everyTopic,
  );
  return Promise.all(
    topics.map(async (topic) => {
      const about = said[topic];
      const word = decisive(about, all);
      return {
        topic,
        ...(await standing(store, config, user, { class: 'marketing', topic })),
        state: inForce(about, all),
        ...(word && { since: word.captured_at }),
        ...(word?.source !== undefined && { source: word.source }),
      };
    }),
  );
}

/** The very question that every send asks. */
async function standing(
  store: Store,
  { compliance }: Config,
  user: string,
  about: Pick<Template, 'class' | 'topic'>,
): Promise<Standing> {
  const person = await store.sends.look(personOnly(about, user));
  const found = eligibility(person, about, (country) => consentModel(compliance, country));
  return found.may ? { may: true } : { may: false, why: found.why };
}
