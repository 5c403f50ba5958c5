import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

// What can be seen of the journeys' sources without bundling them. Places are told as file:line, from the project's folder.

/**
 * Imports that workflow code may not have. The bundler takes any package that does not need Node, and every run of every
 * journey would pay for it; `npm run lint` says the same, but not to somebody who just saves.
 */
export function wrongImports(workflows: string): string[] {
  return sourcesIn(workflows).flatMap(({ file, text }) =>
    [...text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'";]*?\bfrom\s*)?['"]([^'"]+)['"]/gm)].flatMap((found) => {
      const [whole, from = ''] = found;
      const why = whyNot(workflows, file, from);
      return why ? [`${placeOf(file, text, found.index + whole.length)} imports "${from}": ${why}`] : [];
    }),
  );
}

function whyNot(workflows: string, file: string, from: string): string | undefined {
  if (from === '@temporalio/workflow') return undefined;
  const target = resolve(dirname(file), from);
  const inside = from.startsWith('.') && target.startsWith(`${workflows}/`);
  if (!inside)
    return 'workflow code loads only @temporalio/workflow and files of workflows/; everything else may be an `import type`';
  return existsSync(target) ? undefined : 'there is no such file';
}

/** Journeys that no worker would run, because index.ts does not export them; with the line that would. */
export function unexported(workflows: string): string[] {
  const index = join(workflows, 'index.ts');
  const exported = readFileSync(index, 'utf8');
  return sourcesIn(join(workflows, 'journeys')).flatMap(({ file, text }) => {
    const name = basename(file, '.ts');
    const from = `./journeys/${name}.ts`;
    const journey = /^export (?:async )?function (\w+)/m.exec(text)?.[1];
    if (!journey || exported.includes(`'${from}'`)) return [];
    const as = journey === name ? journey : `${journey} as '${name}'`;
    return [`${fromHere(file)} runs nowhere yet. Add to ${fromHere(index)}: export { ${as} } from '${from}';`];
  });
}

/** Where the journeys say this text first. */
export function placeIn(workflows: string, text: string): string {
  const source = sourcesIn(workflows).find((source) => source.text.includes(text));
  return source ? placeOf(source.file, source.text, source.text.indexOf(text)) : fromHere(workflows);
}

function sourcesIn(folder: string): { file: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^[^.].*\.ts$/.test(basename(name)))
    .map((name) => join(folder, name))
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }));
}

function placeOf(file: string, text: string, offset: number): string {
  return `${fromHere(file)}:${text.slice(0, offset).split('\n').length}`;
}

function fromHere(file: string): string {
  return relative(process.cwd(), file);
}
