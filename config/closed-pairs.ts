import type { Locate } from './locate.ts';
import { minutesUntilOpen, type SectionsWithTimes } from './sending-times.ts';

/**
 * The mistakes that the schema cannot find, since it does not know which journey mails about which topic: each of the two
 * leaves time for a mail, both together leave none.
 */
export function closedPairs(
  { journeys, topics }: SectionsWithTimes,
  pairs: Iterable<{ journey: string; topic?: string | undefined }>,
  at: Locate,
): string[] {
  return [...pairs].flatMap(({ journey, topic = '' }) => {
    const [ofJourney, ofTopic] = [journeys[journey], topics[topic]];
    if (!ofJourney || !ofTopic || minutesUntilOpen([ofJourney, ofTopic], 0) !== undefined) return [];
    const path = ['journeys', journey, ofJourney.send_window ? 'send_window' : 'quiet_hours'];
    const other = at(['topics', topic, ofTopic.send_window ? 'send_window' : 'quiet_hours']);
    return `${at(path)} ${path.join('.')}: leaves no time that topics.${topic} (${other}) leaves too: no mail would ever leave`;
  });
}
