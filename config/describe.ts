import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { environmentSchema } from './environment.ts';
import { configSchema } from './schema.ts';
import { secretVariables } from './secret-files.ts';

/** How to write docs/configuration.md again. */
const command = 'node --import tsx config/describe.ts > docs/configuration.md';

type Node = z.core.JSONSchema.BaseSchema;

interface Entry {
  name: string;
  type: string;
  default: string;
  description: string;
}

/** The text of docs/configuration.md, from the schemas alone: what is documented is what is checked. */
export function describeConfiguration(): string {
  return `# Configuration

This page is generated from \`config/schema.ts\` and \`config/environment.ts\`. Do not edit it. To write it again:

\`\`\`sh
${command}
\`\`\`

Secrets come from the environment only. Everything else stands in \`rivulet.yaml\`. Every process checks both before it
starts, and tells all mistakes at once, each with its place and what would be right.

## rivulet.yaml

An unknown key is a mistake. Paths are relative to the file. A duration is a string: a number with \`ms\`, \`s\`, \`m\`, \`h\`
or \`d\`, such as \`"8s"\`.

${table('Key', settingsOf('', jsonSchema(configSchema)))}

## Environment

An empty variable counts as not set. ${otherVariables}

A secret can also be read from a file at start: set \`<NAME>_FILE\` to its path instead of \`<NAME>\`, for
${secretVariables.map((name) => `\`${name}\``).join(', ')}. \`TEMPORAL_API_KEY_FILE\` is read again
while the process runs, so a rotated key is picked up.

${table('Variable', variablesOf(jsonSchema(environmentSchema)))}
`;
}

const otherVariables = `The libraries read their own variables beside these: Temporal's client
(\`TEMPORAL_API_KEY\`, \`TEMPORAL_TLS\` and the rest of its environment configuration) and the AWS SDK (\`AWS_REGION\`,
credentials, \`AWS_ENDPOINT_URL_SESV2\`, \`AWS_ENDPOINT_URL_SQS\`, \`AWS_ENDPOINT_URL_SNS\`).`;

function jsonSchema(schema: z.ZodType): Node {
  return z.toJSONSchema(schema, { io: 'input' });
}

/** Every key that holds a value. An object without a description of its own is only the way to its keys. */
function settingsOf(path: string, node: Node): Entry[] {
  const own = path !== '' && node.description !== undefined ? [entryOf(path, node)] : [];
  const below = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    settingsOf(path === '' ? key : `${path}.${key}`, child as Node),
  );
  const named =
    typeof node.additionalProperties === 'object' ? settingsOf(`${path}.<name>`, node.additionalProperties) : [];
  const value = node.properties === undefined && typeof node.additionalProperties !== 'object';
  if (value && own.length === 0) throw new Error(`${path} has no description in config/schema.ts`);
  return [...own, ...below, ...named];
}

function variablesOf(node: Node): Entry[] {
  return Object.entries(node.properties ?? {}).map(([name, child]) => {
    const entry = entryOf(name, child as Node);
    return node.required?.includes(name) ? { ...entry, default: 'required' } : entry;
  });
}

function entryOf(name: string, node: Node): Entry {
  return {
    name: `\`${name}\``,
    type: typeOf(node),
    default: node.default === undefined ? '' : `\`${shown(node.default)}\``,
    description: node.description ?? '',
  };
}

function typeOf(node: Node): string {
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(' or ');
  if (node.pattern?.includes('(ms|s|m|h|d)')) return 'duration';
  return String(node.type ?? 'any');
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A table padded as the formatter would pad it. */
function table(first: string, entries: Entry[]): string {
  const rows = [
    [first, 'Type', 'Default', 'What it does'],
    ...entries.map((entry) => [entry.name, entry.type, entry.default, entry.description.replaceAll('|', '\\|')]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(describeConfiguration());
