import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { CompiledTemplate, Finding } from './compiled.ts';
import { TemplateError } from './template-error.ts';

/** The templates as `npm run build` compiled them, with their lint findings. */
export interface BuiltTemplates {
  templates: CompiledTemplate[];
  findings: Finding[];
}

/** Where `npm run build` writes them. */
export const builtTemplatesFile = fileURLToPath(new URL('./built.json', import.meta.url));

/**
 * Returns the built templates where MJML is not installed, as in the production image, which has no template sources either.
 * Undefined in a checkout, where the files are compiled.
 */
export function builtTemplates(): BuiltTemplates | undefined {
  if (mjmlIsInstalled() || !existsSync(builtTemplatesFile)) return undefined;
  return JSON.parse(readFileSync(builtTemplatesFile, 'utf8')) as BuiltTemplates;
}

function mjmlIsInstalled(): boolean {
  try {
    import.meta.resolve('mjml');
    return true;
  } catch {
    return false;
  }
}

/**
 * Throws a TemplateError when the topic of a template is not among those of rivulet.yaml: the file that a process runs with need
 * not be the one of the build.
 */
export function checkTopic({ name, topic }: Pick<CompiledTemplate, 'name' | 'topic'>, topics: readonly string[]): void {
  if (topic === undefined || topics.includes(topic)) return;
  throw new TemplateError([
    `${name}/mail.mjml:1 topic "${topic}" is not among the topics of rivulet.yaml (${topics.join(', ')})`,
  ]);
}
