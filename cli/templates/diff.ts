import type { TemplateVersions } from '../../store/template-versions.ts';
import type { CompiledTemplate } from '../../templates/compiled.ts';
import { unified } from '../../templates/line-diff.ts';
import type { CliContext } from '../context.ts';
import { withTemplates } from '../store.ts';
import { NotDone } from '../wrong-use.ts';
import { fromFiles } from './from-files.ts';
import { historyOf, versionIn } from './history.ts';

/** What differs between what is live and the files; between a version and what is live; or between two versions. */
export function diff(context: CliContext, name: string, from?: string, to?: string): Promise<void> {
  return withTemplates(context.env, async (versions) => {
    const history = await historyOf(versions, name);
    const live = (await versions.live()).get(name) ?? '';
    const before = await load(versions, name, from === undefined ? live : versionIn(history, from));
    const after =
      from === undefined
        ? await ofFiles(context, name)
        : await load(versions, name, to === undefined ? live : versionIn(history, to));
    const [one, other] = [told(before, live), from === undefined ? `${after.version} (files)` : told(after, live)];
    if (before.version === after.version) return context.print(`${name}: ${one} and ${other} are the same.`);
    context.print(`${name}: ${one} -> ${other}`);
    const files = [...new Set([...Object.keys(before.sources), ...Object.keys(after.sources)])].toSorted();
    for (const file of files) {
      const changes = unified(before.sources[file] ?? '', after.sources[file] ?? '');
      if (changes.length > 0) context.print(`\n--- ${file}\n${changes.join('\n')}`);
    }
    if (files.every((file) => before.sources[file] === after.sources[file])) {
      context.print('The files are the same: another release of Rivulet or of MJML makes another mail of them.');
    }
  });
}

async function load(versions: TemplateVersions, name: string, version: string): Promise<CompiledTemplate> {
  const found = await versions.load(name, version);
  if (!found) throw new NotDone(`${name} ${version} is no longer kept.`);
  return found as CompiledTemplate;
}

async function ofFiles(context: CliContext, name: string): Promise<CompiledTemplate> {
  const { templates, mistakes } = await fromFiles(context, [name]);
  const [template] = templates;
  if (!template) throw new NotDone(`The files cannot be compiled:\n${mistakes.join('\n')}`);
  return template;
}

function told({ version }: CompiledTemplate, live: string): string {
  return version === live ? `${version} (live)` : version;
}
