import { builtTemplates, checkTopic } from '../../templates/built.ts';
import type { CompiledTemplate, Finding } from '../../templates/compiled.ts';
import { type CompileResult, compileTemplate, type Known } from '../../templates/compile/compile.ts';
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

/** What the files of these templates, or of all, say now; in the production image, what they said when it was built. */
export async function fromFiles({ env }: CliContext, names: readonly string[]): Promise<FromFiles> {
  const { config } = configFor(env);
  const known = { topics: Object.keys(config.topics) };
  const found: FromFiles = { templates: [], findings: [], mistakes: [] };
  for (const name of names.length > 0 ? names.map(nameOfOne) : templateNames) {
    try {
      const { template, findings } = built(name, known) ?? (await compileTemplate(config.templates.dir, name, known));
      found.templates.push(template);
      found.findings.push(...findings);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      found.mistakes.push(...error.mistakes);
    }
  }
  return { ...found, mistakes: [...new Set(found.mistakes)] };
}

function built(name: string, { topics }: Known): CompileResult | undefined {
  const all = builtTemplates();
  const template = all?.templates.find((one) => one.name === name);
  if (!all || !template) return undefined;
  checkTopic(template, topics);
  return { template, findings: all.findings.filter(({ file }) => file.startsWith(`${name}/`)) };
}

/** The name, if a journey could send it. */
function nameOfOne(name: string): string {
  if ((templateNames as readonly string[]).includes(name)) return name;
  throw new WrongUse(`templates/names.ts has no template "${name}": ${orNearest(name, templateNames)}.`);
}
