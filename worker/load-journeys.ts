import type { DataConverter } from '@temporalio/common';

import { StartError } from '../runtime/stop-signal.ts';
import { templateNames } from '../templates/names.ts';
import { TemplateError } from '../templates/template-error.ts';
import { bundleWorkflows, fromSource, templatesNamedIn, workflowBundle, workflowsFolder } from './bundle.ts';
import { placeIn, wrongImports } from './source-mistakes.ts';

/** The journeys for a worker that starts, prebuilt or not. Throws when they send a template that there is not. */
export async function loadJourneys(prebuilt: string | undefined, converter?: DataConverter): Promise<{ code: string }> {
  return withTemplates(await workflowBundle(prebuilt, converter));
}

/** The journeys as their sources are now. Throws one error that says, with file and line, why no worker should run them. */
export async function bundleJourneys(converter?: DataConverter): Promise<{ code: string }> {
  const wrong = fromSource ? wrongImports(workflowsFolder) : [];
  if (wrong.length > 0) throw new StartError(`The journeys cannot be loaded:\n  ${wrong.join('\n  ')}`);
  return withTemplates(await bundleWorkflows(converter));
}

function withTemplates(bundle: { code: string }): { code: string } {
  const unknown = templatesNamedIn(bundle).filter((name) => !(templateNames as readonly string[]).includes(name));
  if (unknown.length === 0) return bundle;
  const place = (name: string) => (fromSource ? ` (${placeIn(workflowsFolder, `'${name}'`)})` : '');
  throw new TemplateError(
    unknown.map(
      (name) =>
        `${name}: a journey sends it${place(name)}, but there is no such template. templates/names.ts names them`,
    ),
  );
}
