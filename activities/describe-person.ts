import type { Zone } from '../events/zone.ts';
import type { Store } from '../store/store.ts';
import { zoneTable } from './zone-table.ts';

/** What a journey may know of somebody. It enters the history: codes of closed lists and a plan, no name, no address. */
export interface PersonFacts {
  zone: Zone;
  /** Language, script and region, such as `pt-BR` and `zh-Hant-TW`. */
  locale?: string;
  /** ISO 3166, such as `DE`. */
  country?: string;
  /** What the newest event with a plan named. */
  plan?: string;
}

/** Whoever has told no time zone is taken to be in UTC. */
export async function describePerson(
  { contacts }: { contacts: Pick<Store['contacts'], 'find'> },
  userId: string,
  now: number,
): Promise<PersonFacts> {
  const { time_zone = 'UTC', locale: said, country, plan } = await contacts.find(userId);
  const locale = said === undefined ? undefined : plainLocale(said);
  return {
    zone: knownZone(time_zone, now),
    ...(locale !== undefined && { locale }),
    ...(country !== undefined && { country }),
    ...(plan !== undefined && { plan }),
  };
}

/** Without extensions and private parts: in BCP 47 those may say anything (`en-x-somebody`). */
function plainLocale(locale: string): string | undefined {
  try {
    const { language, script, region } = new Intl.Locale(locale);
    if (language.length > 3) return undefined; // no language has such a code yet
    return [language, script, region].filter((part) => part !== undefined).join('-');
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** A zone that this worker's zone data does not know yet must not hold a journey for ever: UTC is at most half a day off. */
function knownZone(name: string, now: number): Zone {
  try {
    return zoneTable(name, now);
  } catch (error) {
    if (error instanceof RangeError) return zoneTable('UTC', now);
    throw error;
  }
}
