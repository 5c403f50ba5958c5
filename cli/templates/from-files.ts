import type { CompiledTemplate, Finding } from '../../templates/compiled.ts';
import { compileTemplate } from '../../templates/compile/compile.ts';
import { templateNames } from '../../templates/names.ts';
import { orNearest } from '../../templates/or-nearest.ts';
import { TemplateError } from '../../templates/template-error.ts';
import { configFor } from '../config-for.ts';
import type { CliContext } from '../context.ts';
import { WrongUse } from '../wrong-use.ts';

export interface FromFiles {
  templates: CompiledTemplate[];
  findings: Finding[];
  /** `file:line what` of templates that cannot be compiled at all. */
  mistakes: string[];
}

/** What the files of these templates, or of all, say now. */
export async function fromFiles({ env }: CliContext, names: readonly string[]): Promise<FromFiles> {
  const { config } = configFor(env);
  const known = { topics: Object.keys(config.topics) };
  const found: FromFiles = { templates: [], findings: [], mistakes: [] };
  for (const name of names.length > 0 ? names.map(nameOfOne) : templateNames) {
    try {
      const { template, findings } = await compileTemplate(config.templates.dir, name, known);
      found.templates.push(template);
      found.findings.push(...findings);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      found.mistakes.push(...error.mistakes);
    }
  }
  return { ...found, mistakes: [...new Set(found.mistakes)] };
}

/** The name, if a journey could send it. */
function nameOfOne(name: string): string {
  if ((templateNames as readonly string[]).includes(name)) return name;
  throw new WrongUse(`templates/names.ts has no template "${name}": ${orNearest(name, templateNames)}.`);
}
