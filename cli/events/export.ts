import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import type { CliContext } from '../context.ts';
import { NotDone } from '../wrong-use.ts';
import { asyncApi } from './asyncapi.ts';
import { eventSchemas, fileOf } from './event-schema.ts';
import { goExample } from './examples/go.ts';
import { javaExample } from './examples/java.ts';
import { pythonExample } from './examples/python.ts';
import { recordsOf } from './examples/records.ts';
import type { JsonSchema } from './json-schema.ts';
import { vocabulary, type Vocabulary } from './vocabulary.ts';

export interface ExportOptions {
  out: string;
  examples?: boolean;
}

/** Writes what a producer builds against into a folder. Nothing is written unless every event type has a schema. */
export function exportEvents({ print }: Pick<CliContext, 'print'>, { out, examples = false }: ExportOptions): void {
  const folder = resolve(out);
  const files = exportedFiles(vocabulary, examples);
  try {
    for (const [file, text] of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
  } catch (error) {
    throw new NotDone(`Cannot write to ${folder}: ${(error as Error).message}`);
  }
  print(`${files.size} files in ${folder}`);
  for (const file of readdirSync(join(folder, 'schemas'))) {
    if (!files.has(`schemas/${file}`)) print(`schemas/${file} is of an earlier export: no such event type. Delete it.`);
  }
}

/** Every file with its text, the same for the same event types. */
export function exportedFiles(events: Vocabulary, examples = false): Map<string, string> {
  const schemas = eventSchemas(events);
  return new Map([
    ...[...schemas].map(([type, schema]) => [`schemas/${fileOf(type)}`, json(schema)] as const),
    ['asyncapi.json', json(asyncApi(schemas, (type) => `./schemas/${fileOf(type)}`))],
    ...(examples ? exampleFiles(schemas) : []),
  ]);
}

function exampleFiles(schemas: ReadonlyMap<string, JsonSchema>): [string, string][] {
  const records = recordsOf(schemas);
  const inFolder = (folder: string, files: [string, string][]) =>
    files.map(([file, text]) => [`examples/${folder}/${file}`, text] as [string, string]);
  return [
    ...inFolder('python', pythonExample(records)),
    ...inFolder('go', goExample(records)),
    ...inFolder('java', javaExample(records)),
  ];
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
