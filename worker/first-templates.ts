import type { Config } from '../config/schema.ts';
import type { Logger } from '../runtime/log.ts';
import type { TemplateVersions } from '../store/template-versions.ts';
import { builtTemplates, checkTopic } from '../templates/built.ts';
import type { CompiledTemplate } from '../templates/compiled.ts';
import { templateNames } from '../templates/names.ts';

/**
 * Publishes, from the files that this worker came with, the templates of which no version was ever published: a new system, or
 * a new template, needs no step of its own. What is live stays live: words change by `rivulet templates publish`.
 */
export async function publishFirst(
  versions: Pick<TemplateVersions, 'live' | 'publish'>,
  config: Pick<Config, 'templates' | 'topics'>,
  log: Pick<Logger, 'info'>,
): Promise<void> {
  const live = await versions.live();
  const missing = templateNames.filter((name) => !live.has(name));
  if (missing.length === 0) return;
  for (const template of await ownTemplates(config, missing)) {
    const act = { author: 'worker', message: 'first version, from the files of the worker' };
    const { name, version } = template;
    const published = await versions.publish(template, act, { onlyFirst: true });
    if (published === 'live') log.info({ template: name, version }, 'template published for the first time');
  }
}

async function ownTemplates(
  { templates: { dir }, topics }: Pick<Config, 'templates' | 'topics'>,
  names: readonly string[],
): Promise<CompiledTemplate[]> {
  const known = { topics: Object.keys(topics) };
  const built = builtTemplates()?.templates.filter(({ name }) => names.includes(name));
  if (built) {
    for (const template of built) checkTopic(template, known.topics);
    return built;
  }
  const { compileAll } = await import('../templates/compile/compile-all.ts');
  return (await compileAll(dir, names, known)).templates;
}
