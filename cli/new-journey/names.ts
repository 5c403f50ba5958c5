import { Script } from 'node:vm';

/** Names of journeys and event types: short enough that every line with one in it can be laid out. */
export const longest = 40;

export function isJourneyName(name: string): boolean {
  return name.length <= longest && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name);
}

export function isEventType(type: string): boolean {
  return type.length <= longest && /^[a-z][a-z0-9]*(_[a-z0-9]+)*\.[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(type);
}

/** `trial-ending` is `trialEnding`, and `trial.ended_early` is `trialEndedEarly`. */
export function camelCase(name: string): string {
  return name.replaceAll(/[-._]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `trial.ended_early` is `trial-ended-early`, as files are called. */
export function kebabCase(type: string): string {
  return type.replaceAll(/[._]/g, '-');
}

/** `trial-ending` is `Trial ending`, as people write. */
export function sentenceCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll('-', ' ');
}

/** Words of the language, what every object has, such as `constructor`, and what the file of a journey imports. */
export function isReserved(name: string): boolean {
  const imported = ['listenFor', 'sendEmail', 'isUndeliverable', 'undefined'].includes(name);
  return imported || name in Object.prototype || !isIdentifier(name);
}

function isIdentifier(name: string): boolean {
  try {
    // Compiled, never run. Strict and async, as a journey is: there `static` and `await` are taken too.
    return new Script(`async function* f() { 'use strict'; let ${name}; }`) instanceof Script;
  } catch {
    return false;
  }
}
