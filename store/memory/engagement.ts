import { type Engaged, type Engagement, mostOfOneEmail, shortId } from '../engagement.ts';
import type { Facts } from '../facts.ts';

export function createEngagement(facts: Pick<Facts, 'record'>): Engagement {
  const emails = new Map<string, Map<string, Engaged>>();
  const of = (tag: string) => [...(emails.get(tag)?.values() ?? [])];
  return {
    async record(tag, engaged, about = []) {
      const known = emails.get(tag) ?? new Map<string, Engaged>();
      const isFirst = !of(tag).some(({ type, by }) => type === engaged.type && by === engaged.by);
      if (known.has(shortId(engaged.id)) || (known.size >= mostOfOneEmail && !isFirst)) return false;
      emails.set(tag, known.set(shortId(engaged.id), engaged));
      await facts.record(about);
      return true;
    },
    async of(tag) {
      const counts: Record<string, number> = {};
      for (const { type, by, at } of of(tag)) {
        const kind = `${type}:${by}`;
        counts[kind] = (counts[kind] ?? 0) + 1;
        counts[`${kind}:first`] = Math.min(counts[`${kind}:first`] ?? at, at);
      }
      return counts;
    },
    clicked: async (tag) => of(tag).some(({ type, by }) => type === 'click' && by === 'human'),
  };
}
