import { fileURLToPath } from 'node:url';

import type { Rule } from './rule.ts';
import { rules } from './rules.ts';

/** How to write docs/lint.md again. */
const command = 'node --import tsx templates/lint/describe.ts > docs/lint.md';

/** The text of docs/lint.md, from the rules alone. */
export function describeLint(): string {
  return `# The lint of templates

This page is generated from \`templates/lint/rules.ts\`. Do not edit it. To write it again:

\`\`\`sh
${command}
\`\`\`

The lint looks at a template as its readers will get it: each language is rendered with its sample, and the result goes
through every rule. Links, images and CSS are looked at in every branch, those too that the sample does not take. It runs when a
template is published, in CI (\`rivulet templates lint\`) and in the preview. An error keeps a template from being published. A
warning does not: read it, and decide.

${table(rules)}
`;
}

/** A table padded as the formatter would pad it. */
function table(rules: readonly Rule[]): string {
  const rows = [
    ['Rule', 'Level', 'What it wants', 'Why', 'Source'],
    ...rules.map((rule) => [`\`${rule.name}\``, levelOf(rule), rule.what, rule.why, rule.source]),
  ].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join('\n');
}

function levelOf({ level, milder }: Rule): string {
  return milder === undefined ? level : `${level}; warning: ${milder}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(describeLint());
