import type { CliContext } from '../context.ts';
import { notFound } from './choose.ts';
import { printable } from './printable.ts';
import { withDeadLetters } from './stream.ts';

/** Prints everything about one letter: its headers and its body, with the personal data in it. */
export async function show({ env, print }: CliContext, seq: number): Promise<void> {
  const letter = await withDeadLetters(env, (stream) => stream.read(seq));
  if (letter === undefined) throw notFound(seq);
  const { data, fields, storedAt, truncatedFrom } = letter;
  print(`dead letter ${seq}, stored ${storedAt}`);
  for (const [name, values] of fields) for (const value of values) print(`  ${printable(`${name}: ${value}`)}`);
  print('');
  if (truncatedFrom !== undefined) print(`The first ${data.byteLength} of ${truncatedFrom} bytes:`);
  print(data.byteLength === 0 ? '(empty body)' : printable(readableBody(data)));
}

/** The body as text: JSON is indented, anything else stays as it is. */
export function readableBody(data: Uint8Array): string {
  const text = new TextDecoder().decode(data);
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
