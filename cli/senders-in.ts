import type { Config } from '../config/schema.ts';
import { addressOf } from '../store/stops.ts';

/** Each address that the configuration sends from, with the first setting that names it. */
export function sendersIn({
  provider,
  topics,
}: Pick<Config, 'provider' | 'topics'>): [setting: string, from: string][] {
  const all: [string, string][] = [['provider.from', provider.from]];
  for (const [topic, { from }] of Object.entries(topics))
    if (from !== undefined) all.push([`topics.${topic}.from`, from]);
  const first = new Map(
    all.toReversed().map(([setting, from]) => [addressOf(from), [setting, from] as [string, string]]),
  );
  return [...first.values()].toReversed();
}
