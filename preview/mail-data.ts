import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { CompiledTemplate, Sample } from '../templates/compiled.ts';
import type { RecentEvents } from './recent-events.ts';

/** With what a mail is filled in, and where that comes from, in words. */
export interface MailData {
  from: string;
  sample: Sample;
}

/** What somebody wrote instead of the sample, under an id that stands in the address of the page. */
export interface EditedData {
  /** Throws WrongData, which says what is wrong and where. */
  keep(json: string): string;
  find(id: string): Sample | undefined;
}

export class WrongData extends Error {
  override readonly name = 'WrongData';
}

const mostKept = 200;
export const longestJson = 256 * 1024;
const deepestJson = 100;

const text = z.string({ error: 'must be a text' }).optional();
const sampleSchema = z.strictObject(
  {
    person: z.strictObject({ name: text, locale: text, time_zone: text, country: text }).default({}),
    event: z.record(z.string(), z.unknown(), { error: 'must be an object: the payload of an event' }).default({}),
  },
  { error: 'must be an object such as {"person": {"name": "Ada"}, "event": {}}' },
);

export function createEditedData(): EditedData {
  const kept = new Map<string, Sample>();
  return {
    keep(json) {
      const sample = parseSample(json);
      const id = createHash('sha256').update(JSON.stringify(sample)).digest('hex').slice(0, 12);
      kept.delete(id);
      kept.set(id, sample);
      const [oldest] = kept.keys();
      if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
      return id;
    },
    find: (id) => kept.get(id),
  };
}

function parseSample(json: string): Sample {
  if (json.length > longestJson)
    throw new WrongData(`it has ${json.length} characters; at most ${longestJson} are taken`);
  if (isDeeperThan(json, deepestJson)) throw new WrongData(`it is nested more than ${deepestJson} levels deep`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new WrongData(`it is not JSON: ${withLine((error as Error).message, json)}`);
  }
  const sample = sampleSchema.safeParse(value);
  if (sample.success) return sample.data as Sample;
  throw new WrongData(
    sample.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; '),
  );
}

/** Counts brackets outside of strings, so it takes no recursion to find out. */
function isDeeperThan(json: string, levels: number): boolean {
  let depth = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    if (depth > levels) return true;
  }
  return false;
}

/** Node counts characters from the start; people count lines. */
function withLine(message: string, json: string): string {
  return message.replace(/ in JSON at position (\d+).*/s, (_, position: string) => {
    const before = json.slice(0, Number(position)).split('\n');
    return ` in line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  });
}

/** The data that a view names (`View.data`). Throws WrongData, with what would be right, when it cannot be had. */
export async function dataOf(
  choice: string,
  template: CompiledTemplate,
  taken: string,
  { edited, events }: { edited: EditedData; events: Pick<RecentEvents, 'find'> },
): Promise<MailData> {
  const [kind = '', which = ''] = choice.split(':', 2);
  switch (kind) {
    case '':
    case 'sample': {
      const locale = which || taken;
      const variant = Object.hasOwn(template.variants, locale) ? template.variants[locale] : undefined;
      if (!variant) throw new WrongData(`there is no language "${locale}" to take the sample of`);
      return { from: `the sample of ${locale}`, sample: variant.sample };
    }
    case 'edited': {
      const sample = edited.find(which);
      if (!sample) throw new WrongData('what was edited here is forgotten: the preview was started again since');
      return { from: 'what you have edited', sample };
    }
    case 'event': {
      const event = await events.find(Number(which) || 0).catch((error: Error) => {
        throw new WrongData(`the event cannot be read: ${error.message}`);
      });
      if (!event) throw new WrongData(`there is no event #${which} in the stream any more; choose another`);
      return { from: `the event ${event.type} #${event.seq}`, sample: event.sample };
    }
    default:
      throw new WrongData(`"${choice}" names no data; choose some`);
  }
}
