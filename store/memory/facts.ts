import type { About, Fact, Facts } from '../facts.ts';

export function createFacts(): Facts {
  const byId = new Map<string, Fact>();
  const allOf = (about: About) =>
    [...byId.values()]
      .filter((fact) =>
        'user_id' in about ? fact.user_id === about.user_id : fact.address_hash === about.address_hash,
      )
      .toSorted(byTime);
  return {
    async record(facts) {
      for (const fact of facts) if (!byId.has(fact.id)) byId.set(fact.id, fact);
    },
    of: async (about, { limit, after = { at: 0, id: '' } }) =>
      allOf(about)
        .filter((fact) => byTime(fact, after) > 0)
        .slice(0, limit),
    lastOf: async (about, limit) => allOf(about).slice(-limit),
  };
}

function byTime(one: Pick<Fact, 'at' | 'id'>, other: Pick<Fact, 'at' | 'id'>): number {
  return one.at - other.at || (one.id < other.id ? -1 : Number(one.id > other.id));
}
