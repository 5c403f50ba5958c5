import type { Zone } from '../events/zone.ts';
import type { Memory } from '../state/memory.ts';
import { zoneTable } from './zone-table.ts';

/** What a journey may know of somebody. It stands in the history: no name, no address. */
export interface PersonFacts {
  zone: Zone;
  /** BCP 47, such as `pt-BR`. */
  locale?: string;
  /** ISO 3166, such as `DE`. */
  country?: string;
  /** What the newest event with a plan named. */
  plan?: string;
}

/** Whoever has told no time zone is taken to be in UTC. */
export async function describePerson(
  { contacts }: { contacts: Pick<Memory['contacts'], 'find'> },
  userId: string,
  now = Date.now(),
): Promise<PersonFacts> {
  const { time_zone = 'UTC', locale, country, plan } = await contacts.find(userId);
  return {
    zone: knownZone(time_zone, now),
    ...(locale !== undefined && { locale }),
    ...(country !== undefined && { country }),
    ...(plan !== undefined && { plan }),
  };
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
