import type { JourneySettings } from '../../config/journeys.ts';
import type { Config } from '../../config/schema.ts';
import type { Dropped } from '../../events/forgiving.ts';
import type { EventType, FullEvent } from '../../events/index.ts';
import type { Decision, Holder, Place } from '../../store/entries.ts';
import type { Store } from '../../store/store.ts';
import type { Route } from '../routes.ts';
import { decideEntry, type Verdict } from './decide.ts';
import { compileRule, type PersonNow, type Rule } from './rule.ts';

/** Decides whether an event's person enters its journey, and writes down what was decided and why. */
export interface Entry {
  /** Returns the decision; a repeated event gets the earlier one. */
  decide(event: FullEvent, route: Route | undefined, circumstances: Circumstances): Promise<Decision>;
  /**
   * What the settings would say now of an event that was not decided yet, but for who has entered before. Writes nothing. `contact`:
   * what the event says about its person, which is recorded when it is processed.
   */
  foresee(event: FullEvent, route: Route, contact?: PersonNow): Promise<Verdict>;
}

export interface Circumstances {
  /** How many running journeys heard the event. */
  told: number;
  /** What of the event could not be used; kept with the decision. */
  dropped?: readonly Dropped[] | undefined;
  /** The topics about which its journey asks for a confirmation. */
  asksAbout?: readonly string[] | undefined;
}

export interface EntryDependencies {
  store: {
    contacts: Pick<Store['contacts'], 'find'>;
    consents: Pick<Store['consents'], 'mayAsk'>;
    entries: Store['entries'];
  };
  /** The newest configuration that was right. */
  config: () => Pick<Config, 'journeys'>;
  /** Whether this run goes on; of a run that nobody knows, whether it may be one that is being started since `since`. */
  isRunning: (workflowId: string, since: number) => Promise<boolean>;
}

export function createEntry({ store, config, isRunning }: EntryDependencies): Entry {
  const ruleOf = compiledOnce();

  async function verdictOn(
    event: FullEvent,
    journey: string,
    settings: JourneySettings,
    contact: PersonNow = {},
  ): Promise<Verdict> {
    const rule = ruleOf(settings, event.event_type);
    const person = rule ? await personOf(event.user_id, contact) : {};
    return decideEntry(journey, settings, rule, event, person, Date.now());
  }

  async function verdictOnRequest({ event_id, user_id }: FullEvent, topics: readonly string[]): Promise<Verdict> {
    if (await store.consents.mayAsk(user_id, event_id, topics)) return { enters: true };
    const why =
      'a confirmation of these topics was requested for this address less than 24 hours ago and has not been answered';
    return { enters: false, because: 'already_asked', why };
  }

  async function personOf(userId: string, contact: PersonNow): Promise<PersonNow> {
    const { locale, time_zone, country, plan } = await store.contacts.find(userId);
    return {
      locale: contact.locale ?? locale,
      time_zone: contact.time_zone ?? time_zone,
      country: contact.country ?? country,
      plan: contact.plan ?? plan,
    };
  }

  /** Takes the place in the journey that this person may have once, unless another run has it. */
  async function takePlace(id: string, decision: Decision, place: Place, field?: string): Promise<Decision> {
    for (let gone: string | undefined; ;) {
      const taken = await store.entries.claim(id, decision, place, gone);
      if (!('holder' in taken)) return taken;
      const { holder } = taken;
      if (place.rule === 'one_running' && !(await isRunning(holder.id, holder.at))) {
        gone = holder.id;
        continue; // unless yet another run takes it meanwhile, it is free now
      }
      const why = takenBy(place, field, holder);
      return store.entries.settle(id, { ...decision, enters: false, because: 're_entry', why });
    }
  }

  return {
    async decide(event, route, { told, dropped, asksAbout }) {
      const { event_id, event_type, user_id } = event;
      const asked = { event_type, user_id, at: Date.now(), told, ...(dropped && { dropped }) };
      if (!route) return store.entries.settle(event_id, asked);

      const settings = config().journeys[route.starts];
      const allowed = settings ? await verdictOn(event, route.starts, settings) : ({ enters: true } as const);
      const verdict = allowed.enters && asksAbout ? await verdictOnRequest(event, asksAbout) : allowed;
      const decision: Decision = { ...asked, journey: route.starts, ...verdict };
      const place = settings && verdict.enters ? placeOf(settings, route.starts, event) : undefined;
      return place
        ? takePlace(event_id, decision, place, settings?.re_entry.per)
        : store.entries.settle(event_id, decision);
    },
    async foresee(event, { starts }, contact) {
      const settings = config().journeys[starts];
      return settings ? verdictOn(event, starts, settings, contact) : { enters: true };
    },
  };
}

/** A rule is compiled once for each configuration: settings that have not changed are the same object. */
function compiledOnce(): (settings: JourneySettings, type: EventType) => Rule | undefined {
  const rules = new WeakMap<JourneySettings, Rule>();
  return (settings, type) => {
    const { when } = settings;
    if (when === undefined) return undefined;
    const rule = rules.get(settings) ?? compileRule(when, type);
    rules.set(settings, rule);
    return rule;
  };
}

function placeOf({ re_entry }: JourneySettings, journey: string, event: FullEvent): Place | undefined {
  const { allow, every = 0, per } = re_entry;
  if (allow === 'always') return undefined;
  const value = per === undefined ? undefined : (event.payload as Record<string, unknown>)[per];
  const counted = value === undefined ? '' : JSON.stringify(value);
  return { journey, per: counted, rule: allow, everyMs: every, happenedAt: event.timestamp };
}

/** Names the field that is counted by, not its value: that is the producer's, and what is decided is kept for weeks. */
function takenBy({ rule, everyMs, per }: Place, field: string | undefined, holder: Holder): string {
  const counted = per === '' ? `without ${field}` : `with the same ${field}`;
  const whose = field === undefined ? 'this person' : `this person ${counted}`;
  if (rule === 'one_running') return `re_entry is one_running, and run ${holder.id} of ${whose} goes on`;
  const often = everyMs > 0 ? `once in ${inWords(everyMs)}` : 'once';
  return `re_entry is ${often}, and ${whose} entered with event ${holder.id}`;
}

/** In the largest unit that it is a whole number of: `30 days`, `12 hours`. */
function inWords(ms: number): string {
  const units = { day: 86_400_000, hour: 3_600_000, minute: 60_000, second: 1_000 };
  const [unit, length] = Object.entries(units).find(([, length]) => ms % length === 0) ?? ['millisecond', 1];
  return `${ms / length} ${unit}${ms === length ? '' : 's'}`;
}
