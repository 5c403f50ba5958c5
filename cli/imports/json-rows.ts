import { NotDone } from '../wrong-use.ts';

/** A list of objects as a table: the names that any of them has, and a row for each. */
export interface JsonRows {
  header: string[];
  rows: string[][];
}

/** In characters. JSON is read as a whole; longer lists come as CSV. */
const longest = 64_000_000;

export const looksLikeJson = (line: string) => /^\s*[[{]/.test(line);

/**
 * Reads what the APIs of providers return: an array of objects, an object with such an array in it, or an object a line. Throws
 * NotDone when it is none of them, empty or too long.
 */
export async function readJson(file: string, first: string, rest: AsyncIterable<string>): Promise<JsonRows> {
  const lines = [first];
  let length = first.length;
  for await (const line of rest) {
    length += line.length + 1;
    if (length > longest) throw new NotDone(`${file} is too long for JSON. Export the list as CSV.`);
    lines.push(line);
  }
  const list = listIn(parsed(lines.join('\n'))) ?? listIn(lines.filter((line) => line.trim() !== '').map(parsed));
  if (list === undefined) throw new NotDone(`${file} is neither CSV nor a JSON list of objects.`);
  if (list.length === 0) throw new NotDone(`${file} is an empty list.`);
  const header = [...new Set(list.flatMap((each) => Object.keys(each)))];
  return { header, rows: list.map((each) => header.map((name) => textOf(each[name]))) };
}

type Entry = Readonly<Record<string, unknown>>;

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function listIn(value: unknown): Entry[] | undefined {
  if (Array.isArray(value)) return value.every(isEntry) ? value : undefined;
  if (!isEntry(value)) return undefined;
  const lists = Object.values(value).filter((each): each is Entry[] => Array.isArray(each) && each.every(isEntry));
  return lists.length === 1 ? lists[0] : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
