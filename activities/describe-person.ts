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
}

/** Whoever has told no time zone is taken to be in UTC. */
export async function describePerson({ contacts }: Pick<Memory, 'contacts'>, userId: string): Promise<PersonFacts> {
  const { time_zone = 'UTC', locale, country } = await contacts.find(userId);
  return {
    zone: zoneTable(time_zone, Date.now()),
    ...(locale !== undefined && { locale }),
    ...(country !== undefined && { country }),
  };
}
