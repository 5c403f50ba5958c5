import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { z } from 'zod';

import type { Route } from '../../ingress/routes.ts';
import { WrongUse } from '../wrong-use.ts';
import { camelCase, isEventType, isJourneyName, isReserved, kebabCase, longest } from './names.ts';
import { sampleOf } from '../sample.ts';

/** What somebody asks for at the command line. */
export interface Wish {
  name: string;
  on: string;
  topic?: string;
  transactional?: true;
  listensFor?: string;
}

/** What the project has already. */
export interface Project {
  root: string;
  eventTypes: Readonly<Record<string, z.ZodObject>>;
  routes: Readonly<Record<string, Route>>;
  topics: readonly string[];
}

/** A journey that can be laid down. */
export interface NewJourney {
  name: string;
  on: string;
  listensFor?: string;
  /** What a marketing journey is about; a transactional one has none. */
  topic?: string;
  /** Types that have no schema yet. */
  newTypes: readonly string[];
  /** The payload of its event in the first test, and of the event that it listens for. */
  sample: Record<string, unknown>;
  heardSample: Record<string, unknown>;
}

/** Throws WrongUse that says what would be right. Nothing has been written then. */
export function checkWish(wish: Wish, project: Project): NewJourney {
  refuseWrongName(wish.name, project.root);
  refuseWrongStart(wish, project);
  if (wish.listensFor !== undefined) refuseWrongListening(wish.listensFor, wish.on);
  const topic = topicOf(wish, project.topics);

  const types = wish.listensFor === undefined ? [wish.on] : [wish.on, wish.listensFor];
  const newTypes = types.filter((type) => !Object.hasOwn(project.eventTypes, type));
  for (const type of newTypes) refuseTakenSchema(type, project.root);
  return {
    name: wish.name,
    on: wish.on,
    ...(wish.listensFor !== undefined && { listensFor: wish.listensFor }),
    ...(topic !== undefined && { topic }),
    newTypes,
    sample: sampleOf(project.eventTypes[wish.on]),
    heardSample: sampleOf(project.eventTypes[wish.listensFor ?? '']),
  };
}

function refuseWrongName(name: string, root: string): void {
  if (!isJourneyName(name)) {
    throw new WrongUse(
      `"${name}" is no name of a journey. Take up to ${longest} characters in kebab-case, such as trial-ending.`,
    );
  }
  if (isReserved(camelCase(name))) {
    throw new WrongUse(
      `A function cannot be called ${camelCase(name)}. Take a name of two words, such as ${name}-mail.`,
    );
  }
  const files = [`workflows/journeys/${name}.ts`, `templates/${name}`, `test/journeys/${name}.test.ts`];
  const taken = files.find((file) => existsSync(join(root, file)));
  if (taken !== undefined) throw new WrongUse(`The name ${name} is taken: there is ${taken}. Take another one.`);
}

function refuseWrongStart({ name, on }: Wish, { eventTypes, routes }: Project): void {
  refuseWrongType('--on', on);
  const starts = Object.hasOwn(routes, on) ? routes[on]?.starts : undefined;
  if (starts !== undefined) {
    throw new WrongUse(
      `${on} already starts ${starts}; one event starts one journey. Listen for it in that journey, or publish an event of its own. Free are: ${freeTypes(eventTypes, routes).join(', ')}`,
    );
  }
  const route = Object.entries(routes).find(([, { starts }]) => starts === name);
  if (route) throw new WrongUse(`The name ${name} is taken: ${route[0]} starts it. Take another one.`);
}

function freeTypes(eventTypes: Project['eventTypes'], routes: Project['routes']): string[] {
  return Object.keys(eventTypes).filter((type) => !Object.hasOwn(routes, type));
}

function refuseWrongListening(listensFor: string, on: string): void {
  refuseWrongType('--listens-for', listensFor);
  if (listensFor === on) {
    throw new WrongUse(`${on} starts this journey. With --listens-for, name the event that comes later.`);
  }
}

function refuseWrongType(option: string, type: string): void {
  if (isEventType(type)) return;
  throw new WrongUse(
    `${option} "${type}" is no event type. Write what happened to what, as noun.verb_in_past with up to ${longest} characters, such as trial.started.`,
  );
}

/** Where nothing is said, the first topic: nobody gets a mail that they did not agree to. */
function topicOf({ topic, transactional }: Wish, topics: readonly string[]): string | undefined {
  if (transactional && topic !== undefined) {
    throw new WrongUse('Give --topic or --transactional, not both: a transactional mail has no topic.');
  }
  if (transactional) return undefined;
  if (topic !== undefined && !topics.includes(topic)) {
    throw new WrongUse(
      `rivulet.yaml has no topic "${topic}". There are: ${topics.join(', ')}. Add it there first, or take one of them.`,
    );
  }
  const chosen = topic ?? topics[0];
  if (chosen === undefined) {
    throw new WrongUse('rivulet.yaml has no topic yet. Add one that people can agree to, or say --transactional.');
  }
  return chosen;
}

function refuseTakenSchema(type: string, root: string): void {
  const file = `events/${kebabCase(type)}.ts`;
  if (existsSync(join(root, file))) {
    throw new WrongUse(
      `${type} is no event type yet, but its file ${file} is there. Name the type in events/index.ts, or take another type.`,
    );
  }
}
