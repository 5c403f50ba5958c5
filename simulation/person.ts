import { z } from 'zod';

import type { Config } from '../config/schema.ts';
import { userIdPattern } from '../events/envelope.ts';
import { contact } from '../events/person.ts';
import { publicText } from '../events/public-text.ts';
import { WrongSimulation } from './wrong.ts';

const schema = z.strictObject({
  /** The producer's id of them. Groups of tests go by it. */
  user_id: z
    .string()
    .regex(userIdPattern, { error: 'must be 1 to 128 visible ASCII characters without spaces and without @' })
    .default('somebody'),
  ...contact.shape,
  plan: publicText.optional(),
  /** What they have agreed to. */
  topics: z.array(z.string()).default([]),
  /** Fields of the event that starts the journey. */
  payload: z.record(z.string(), z.unknown()).default({}),
});

/** Somebody for whom a journey is simulated, as they stand in `ada.json`. Whatever is left out is not known of them. */
export type Person = z.input<typeof schema>;
export type KnownPerson = z.output<typeof schema>;

/** Checks what was written down of somebody. Throws a WrongSimulation that lists all mistakes. */
export function readPerson(person: unknown, { topics }: Pick<Config, 'topics'>): KnownPerson {
  const read = schema.safeParse(person);
  if (!read.success) throw new WrongSimulation(`The person cannot be used: ${read.error.issues.map(told).join('; ')}`);
  const unknown = read.data.topics.filter((topic) => !Object.hasOwn(topics, topic));
  if (unknown.length > 0) {
    const known = Object.keys(topics).join(', ');
    throw new WrongSimulation(
      `The person cannot be used: rivulet.yaml has no topic "${unknown[0]}". There are: ${known}`,
    );
  }
  return read.data;
}

function told(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    return `there is no "${issue.keys.join('", "')}"; there are ${Object.keys(schema.shape).join(', ')}`;
  }
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')} ${issue.message}`;
}
