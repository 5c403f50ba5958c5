import { setTimeout as sleep } from 'node:timers/promises';

const stallMs = 60_000;

/** What the SES stand-in counts. */
export interface Stats {
  accepted: number;
  /** By operation. */
  requests: Record<string, number>;
  byTag: Record<string, number>;
  keysNotCounted: number;
  busiestWindow: { start: number; count: number };
}

export interface Accepted {
  to: string[];
  acceptedAt: number;
}

export async function forgetCounts(sesUrl: string): Promise<void> {
  await fetch(`${sesUrl}/api/stats`, { method: 'DELETE' });
  await fetch(`${sesUrl}/api/mails`, { method: 'DELETE' });
}

export async function readStats(sesUrl: string): Promise<Stats> {
  return (await (await fetch(`${sesUrl}/api/stats`)).json()) as Stats;
}

/** Waits for so many mails. Gives up when nothing more comes; what is missing is then told by the counts. */
export async function untilAccepted(sesUrl: string, count: number): Promise<void> {
  let seen = -1;
  for (let since = Date.now(); Date.now() - since < stallMs; await sleep(250)) {
    const { accepted } = await readStats(sesUrl);
    if (accepted >= count) return;
    if (accepted !== seen) since = Date.now();
    seen = accepted;
  }
}

export async function lastAcceptedAt(sesUrl: string): Promise<number> {
  const [last] = (await (await fetch(`${sesUrl}/api/mails?limit=1`)).json()) as Accepted[];
  return last?.acceptedAt ?? Date.now();
}

/** When each mail was accepted, Unix ms, by its address. */
export async function acceptedAt(sesUrl: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let before = ''; ;) {
    const page = (await (await fetch(`${sesUrl}/api/mails?limit=1000${before}`)).json()) as (Accepted & {
      id: string;
    })[];
    for (const { to, acceptedAt } of page) found.set(to[0] ?? '', acceptedAt);
    const last = page.at(-1);
    if (last === undefined) return found;
    before = `&before=${encodeURIComponent(last.id)}`;
  }
}

/** Exactly one mail for each that is due, by the provider's own count. */
export function mistakesIn(
  { accepted, byTag, keysNotCounted }: Pick<Stats, 'accepted' | 'byTag' | 'keysNotCounted'>,
  count: number,
): string[] {
  const keys = Object.values(byTag);
  const twice = keys.filter((times) => times > 1).length;
  return [
    ...(keys.length === count ? [] : [`${keys.length} different mails instead of ${count}`]),
    ...(twice === 0 ? [] : [`${twice} mails were accepted more than once`]),
    ...(accepted === count ? [] : [`${accepted} mails accepted instead of ${count}`]),
    ...(keysNotCounted === 0 ? [] : [`${keysNotCounted} mails were not told apart`]),
  ];
}
