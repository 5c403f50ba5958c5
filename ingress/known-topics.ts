import type { Config } from '../config/schema.ts';
import type { Dropped } from '../events/forgiving.ts';
import { nearest } from '../events/nearest.ts';
import type { ParsedEvent } from '../events/parse.ts';
import { everyTopic } from '../store/consents.ts';

/** What people call every topic. */
const words = new Set(['*', '**', 'all', 'any', 'everything', 'marketing', 'alltopics']);

/**
 * Finds the topics of rivulet.yaml that a consent block means: in any case, with other separators, by their titles. An opt-out means the
 * nearest one even with a slip in it: it takes nothing away that its sender wanted to keep. What is still unknown is recorded as it came,
 * and reported.
 */
export function withKnownTopics(parsed: ParsedEvent, { topics }: Pick<Config, 'topics'>): ParsedEvent {
  const { consent, event, dropped = [] } = parsed;
  if (!consent) return parsed;
  const isOptOut = event.event_type === 'consent.revoked';
  const named = consent.topics.map((written) => ({ written, ...meant(written, topics, isOptOut) }));
  const unknown: Dropped[] = named.flatMap(({ written, unknown, guess }) =>
    unknown
      ? [
          {
            field: 'payload.consent.topics',
            problem: guess === undefined ? 'unknown topic' : `unknown topic; did you mean "${guess}"?`,
            ...(guess !== undefined && written !== guess && { meant: 'payload.consent.topics' }),
          },
        ]
      : [],
  );
  const found = [...new Set(named.flatMap(({ found }) => found))];
  const isAsWritten =
    found.length === consent.topics.length && found.every((topic, at) => topic === consent.topics[at]);
  if (isAsWritten && unknown.length === 0) return parsed;
  const reports = [...dropped, ...unknown];
  return { ...parsed, consent: { ...consent, topics: found }, ...(reports.length > 0 && { dropped: reports }) };
}

interface Meant {
  found: string[];
  unknown?: true;
  guess?: string | undefined;
}

function meant(written: string, topics: Config['topics'], isOptOut: boolean): Meant {
  if (Object.hasOwn(topics, written) || written === everyTopic) return { found: [written] };
  const whole = oneOf(written, topics, isOptOut);
  if (whole !== undefined) return { found: [whole] };
  const parts = written.split(/[\s/&+]+/).filter((part) => part !== '');
  const known = parts.map((part) => oneOf(part, topics, isOptOut));
  if (parts.length > 1 && known.every((topic) => topic !== undefined)) return { found: known };
  const guess = nearest(bare(written), Object.keys(topics));
  return { found: [isOptOut && guess !== undefined ? guess : written], unknown: true, guess };
}

function oneOf(written: string, topics: Config['topics'], isOptOut: boolean): string | undefined {
  const name = bare(written);
  if (isOptOut && (words.has(name) || words.has(written.normalize('NFKC').trim()))) return everyTopic;
  return Object.entries(topics).find(([topic, { title, translations = {} }]) =>
    [topic, title, ...Object.values(translations).map((each) => each.title)].some((each) => bare(each) === name),
  )?.[0];
}

/** What is left of a name without case, accents, invisible characters, spaces and punctuation. */
function bare(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{Nd}]+/gu, '');
}
