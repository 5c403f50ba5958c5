import { type Catalogue, prepare } from '../catalogue.ts';
import type { CompiledTemplate, Finding } from '../compiled.ts';
import { TemplateError } from '../template-error.ts';
import { compileTemplate, type Known } from './compile.ts';

/**
 * Compiles several templates from their files. Throws one TemplateError that lists what keeps any of them from being
 * published, each line beginning with file and line; what remains as `findings` are warnings.
 */
export async function compileAll(
  dir: string,
  names: readonly string[],
  known: Known,
): Promise<{ templates: CompiledTemplate[]; findings: Finding[] }> {
  const mistakes: string[] = [];
  const templates: CompiledTemplate[] = [];
  const findings: Finding[] = [];
  for (const name of names) {
    try {
      const result = await compileTemplate(dir, name, known);
      templates.push(result.template);
      findings.push(...result.findings.filter(({ level }) => level === 'warning'));
      mistakes.push(...result.findings.filter(({ level }) => level === 'error').map(inOneLine));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      mistakes.push(...error.mistakes);
    }
  }
  if (mistakes.length > 0) throw new TemplateError([...new Set(mistakes)]);
  return { templates, findings };
}

/** `receipt/mail.mjml:12 {{event.totl}}: ... (unknown-field)` */
export function inOneLine({ file, line, message, rule }: Finding): string {
  return `${file}${line === undefined ? '' : `:${line}`} ${message} (${rule})`;
}

/** Every template of these names, ready to render: what the files say now, published or not. */
export async function catalogueFromFiles(dir: string, names: readonly string[], known: Known): Promise<Catalogue> {
  const { templates } = await compileAll(dir, names, known);
  return new Map(templates.map((template) => [template.name, prepare(template)]));
}
