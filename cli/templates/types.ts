import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { templateNames } from '../../templates/names.ts';
import { variablesSource } from '../../templates/write-types.ts';
import type { CliContext } from '../context.ts';
import { NotDone } from '../wrong-use.ts';
import { fromFiles } from './from-files.ts';

const file = 'templates/variables.ts';

/** Brings the types that journeys are checked with up to date. */
export async function types(context: CliContext, { check = false }: { check?: boolean }): Promise<void> {
  const { templates, mistakes } = await fromFiles(context, []);
  if (mistakes.length > 0) {
    throw new NotDone(`${mistakes.join('\n')}\n${file} stays as it is: these templates do not compile.`);
  }
  const source = variablesSource(templates);
  const path = join(context.root, file);
  if (readFileSync(path, 'utf8') === source) {
    context.print(`${file} is what the ${templateNames.length} templates need.`);
    return;
  }
  if (check) throw new NotDone(`${file} is not what the templates need. Run: npx --no rivulet templates types`);
  writeFileSync(path, source);
  context.print(`${file} written. The compiler says which journey lacks something: npm run typecheck`);
}
