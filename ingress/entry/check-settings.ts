import { closedPairs } from '../../config/closed-pairs.ts';
import type { Check } from '../../config/load.ts';
import { type EventType, eventTypes } from '../../events/index.ts';
import { routes } from '../routes.ts';
import { compileRule, RuleMistake } from './rule.ts';

/** What the schema of rivulet.yaml cannot know of `journeys`: whether the journeys, the fields and the expressions exist. */
export const checkJourneySettings: Check = (config, at) => {
  const mistakes = Object.entries(config.journeys).flatMap(([name, { when, re_entry }]) => {
    const type = startedBy(name);
    if (type === undefined)
      return [`${at(['journeys', name])} journeys.${name}: there is no such journey; there are ${names().join(', ')}`];
    return [
      ...ruleMistake(when, type).map((text) => `${at(['journeys', name, 'when'])} journeys.${name}.when: ${text}`),
      ...fieldMistake(re_entry.per, type).map(
        (text) => `${at(['journeys', name, 're_entry', 'per'])} journeys.${name}.re_entry.per: ${text}`,
      ),
    ];
  });
  const pairs = Object.values(routes).map(({ starts, topic }) => ({ journey: starts, topic }));
  return [...mistakes, ...closedPairs(config, pairs, at)];
};

/** The type of the events that start a journey. */
export function startedBy(journey: string): EventType | undefined {
  return (Object.keys(routes) as EventType[]).find((type) => routes[type]?.starts === journey);
}

function names(): string[] {
  return Object.values(routes).map(({ starts }) => starts);
}

function ruleMistake(when: string | undefined, type: EventType): string[] {
  if (when === undefined) return [];
  try {
    compileRule(when, type);
    return [];
  } catch (error) {
    if (error instanceof RuleMistake) return [error.message];
    throw error;
  }
}

function fieldMistake(field: string | undefined, type: EventType): string[] {
  const fields = Object.keys(eventTypes[type].shape);
  if (field === undefined || fields.includes(field)) return [];
  return [`${type} has no field "${field}"${fields.length > 0 ? `; it has ${fields.join(', ')}` : ''}`];
}
