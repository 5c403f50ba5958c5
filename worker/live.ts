import { basename, relative } from 'node:path';

import type { Config } from '../config/schema.ts';
import { StartError } from '../runtime/stop-signal.ts';
import { type FileWatch, watchFiles } from '../runtime/watch-files.ts';
import type { TemplateVersions } from '../store/template-versions.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { templateNames } from '../templates/names.ts';
import { fromSource, workflowsFolder } from './bundle.ts';
import type { Fleet } from './fleet.ts';
import { bundleJourneys } from './load-journeys.ts';
import type { SourceCheck } from './source-check.ts';
import { unexported } from './source-mistakes.ts';

export interface LiveParts {
  config: Pick<Config, 'templates' | 'topics'>;
  /** Where what is saved is published. */
  versions: Pick<TemplateVersions, 'publish'>;
  fleet: Pick<Fleet, 'replaceJourneys'>;
  /** Where the journeys are made from; by default this worker's own sources. */
  bundle?: () => Promise<{ code: string }>;
  /** Looks at those sources before they are run. */
  check: SourceCheck;
  workflows?: string;
  /** Gets what a person at the terminal should read: one line for what was taken up, a few for what is wrong. */
  tell?: (lines: string) => void;
}

/**
 * Takes up saved templates and journeys while the worker runs. What is broken is told and changes nothing: what ran before
 * goes on. For people who write journeys, under `npm start`; production replaces whole workers.
 */
export function takeUpSaves({
  config,
  versions,
  fleet,
  bundle = bundleJourneys,
  check,
  workflows = workflowsFolder,
  tell = (lines) => process.stdout.write(`${lines}\n`),
}: LiveParts): FileWatch {
  const templates = watchFiles({ paths: [config.templates.dir], concerns: isTemplate }, (files) =>
    taken(config.templates.dir, files, tell, () => publishSaved(config, versions)),
  );
  const journeys = watchFiles({ paths: [workflows], concerns: endsWith(fromSource ? '.ts' : '.js') }, (files) =>
    taken(`${workflows}/journeys`, files, tell, async () => {
      for (const warning of fromSource ? unexported(workflows) : []) tell(warning);
      const [made, wrong] = await Promise.all([bundle(), check.mistakes()]);
      if (wrong.length > 0) throw new StartError(`The journeys do not compile:\n  ${wrong.join('\n  ')}`);
      await fleet.replaceJourneys(made);
    }),
  );
  return {
    async close() {
      await Promise.all([templates.close(), journeys.close()]);
      check.close();
    },
  };
}

/** All of them: what was saved may be a layout. A template that says what it said before has the version it had. */
export async function publishSaved(
  { templates: { dir }, topics }: LiveParts['config'],
  versions: LiveParts['versions'],
): Promise<void> {
  const { templates } = await compileAll(dir, templateNames, { topics: Object.keys(topics) });
  const act = { author: 'npm start', message: 'saved' };
  for (const template of templates) await versions.publish(template, act, { again: true });
}

function isTemplate(file: string): boolean {
  return file.endsWith('.mjml') || file.endsWith('.txt');
}

function endsWith(ending: string): (file: string) => boolean {
  return (file) => file.endsWith(ending);
}

async function taken(folder: string, files: string[], tell: (lines: string) => void, take: () => Promise<void>) {
  const began = performance.now();
  try {
    await take();
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    tell(`reloaded ${files.map((file) => nameIn(folder, file)).join(', ')} in ${seconds} s`);
  } catch (error) {
    const { message } = error as Error;
    tell(`${message.replaceAll(`${process.cwd()}/`, '')}\n  Nothing is reloaded: what ran before goes on.`);
  }
}

function nameIn(folder: string, file: string): string {
  const name = relative(folder, file);
  return name.startsWith('..') ? basename(file) : name;
}
