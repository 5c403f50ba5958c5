import { NotDone, WrongUse } from '../wrong-use.ts';
import { quoted } from './quoted.ts';

/** What an import reads: for each field the names that exports give its column, `plain` and in order of preference. */
export type Fields<Field extends string> = Readonly<Record<Field, readonly string[]>>;

/** `--column field=header`, as it was given. */
export type ColumnOptions = readonly string[];

/** Where the fields are in the rows of one file. */
export interface Columns<Field extends string> {
  /** The plain names of all columns of the file. */
  readonly plain: ReadonlySet<string>;
  has(field: Field): boolean;
  /** Whether the user named its column. */
  isMapped(field: Field): boolean;
  /** The first value among the columns of a field that is not empty, trimmed. */
  cell(cells: readonly string[], field: Field): string;
  /** The value of the column with this plain name, trimmed; empty when there is none. */
  named(cells: readonly string[], plain: string): string;
}

/** A column name as it is compared: lower case, without spaces, underscores, hyphens and dots. */
export const plain = (name: string) => name.toLowerCase().replaceAll(/[\s_.-]/g, '');

/**
 * Reads `--column` options into field and header. Throws WrongUse for a text without `=` and for an unknown field.
 */
export function parseColumnOptions<Field extends string>(
  fields: Fields<Field>,
  options: ColumnOptions,
): Map<Field, string> {
  const known = Object.keys(fields);
  const mapped = options.map((option): [Field, string] => {
    const at = option.indexOf('=');
    const field = option.slice(0, Math.max(at, 0)).trim();
    const header = option.slice(at + 1).trim();
    if (at < 1 || header === '')
      throw new WrongUse(`--column ${quoted(option)}: give a field and a column, such as email=Mail.`);
    if (!known.includes(field))
      throw new WrongUse(`--column: unknown field ${quoted(field)}. Fields: ${known.join(', ')}.`);
    return [field as Field, header];
  });
  return new Map(mapped);
}

/**
 * Finds the fields in the header of a file; a mapped field is read from its mapped column only. Throws WrongUse when a mapped
 * column is not in the file, and NotDone when the file has none of the columns of one of the `required` groups.
 */
export function locate<Field extends string>(
  file: string,
  header: readonly string[],
  { fields, mapped, required }: Sought<Field>,
): Columns<Field> {
  const names = header.map(plain);
  const columns = `Its columns: ${header.map((name) => quoted(name)).join(', ')}.`;
  for (const name of mapped.values()) {
    if (!names.includes(plain(name))) throw new WrongUse(`--column: ${file} has no column ${quoted(name)}. ${columns}`);
  }
  const places = placesOf(names, fields, mapped);
  for (const { anyOf, what } of required) {
    if (anyOf.some((field) => places[field].length > 0)) continue;
    throw new NotDone(`${file} has no column with ${what}. ${columns} Use --column ${anyOf[0]}=<column>.`);
  }
  const cellAt = (cells: readonly string[], index: number) => cells[index]?.trim() ?? '';
  return {
    plain: new Set(names),
    has: (field) => places[field].length > 0,
    isMapped: (field) => mapped.has(field),
    cell: (cells, field) => places[field].map((index) => cellAt(cells, index)).find((text) => text !== '') ?? '',
    named: (cells, name) => cellAt(cells, names.indexOf(name)),
  };
}

/** What a header has to name. `required`: of each group one field at least; `what` names the group to the user. */
export interface Sought<Field extends string> {
  fields: Fields<Field>;
  mapped: ReadonlyMap<Field, string>;
  required: readonly { anyOf: readonly Field[]; what: string }[];
}

/** How many of the required groups a header has, to compare separators by. */
export function found<Field extends string>(
  header: readonly string[],
  { fields, mapped, required }: Sought<Field>,
): number {
  const places = placesOf(header.map(plain), fields, mapped);
  return required.filter(({ anyOf }) => anyOf.some((field) => places[field].length > 0)).length;
}

function placesOf<Field extends string>(
  names: readonly string[],
  fields: Fields<Field>,
  mapped: ReadonlyMap<Field, string>,
): Record<Field, number[]> {
  const entries = (Object.keys(fields) as Field[]).map((field) => {
    const header = mapped.get(field);
    const wanted = header === undefined ? fields[field] : [plain(header)];
    return [field, wanted.map((name) => names.indexOf(name)).filter((index) => index !== -1)];
  });
  return Object.fromEntries(entries) as Record<Field, number[]>;
}
