import { sampleLinks } from '../../templates/sample-links.ts';
import { prepare } from '../../templates/catalogue.ts';
import type { CompiledTemplate } from '../../templates/compiled.ts';
import { parseReference } from '../../templates/reference.ts';
import { render } from '../../templates/render.ts';
import type { CliContext } from '../context.ts';
import { when } from '../gate.ts';
import { withTemplates } from '../store.ts';
import { NotDone } from '../wrong-use.ts';
import { historyOf, versionIn } from './history.ts';

/** What one version of a template is, and what was done to the template. */
export function show(
  { env, print }: CliContext,
  reference: string,
  { sources = false, json = false }: { sources?: boolean; json?: boolean },
): Promise<void> {
  const { name, version: wanted } = parseReference(reference);
  return withTemplates(env, async (versions) => {
    const history = await historyOf(versions, name);
    const live = (await versions.live()).get(name);
    const pinned = (await versions.pinned()).has(name);
    const version = wanted === undefined ? live : versionIn(history, wanted);
    const template = version === undefined ? undefined : await versions.load(name, version);
    if (!template) throw new NotDone(`${name} ${version} is no longer kept.`);
    const compiled = template as CompiledTemplate;
    if (json) return print(JSON.stringify({ ...compiled, live: version === live, pinned, history }, undefined, 2));
    for (const line of described(compiled)) print(line);
    print(`  is            ${version === live ? `live${pinned ? ', pinned' : ''}` : `not live; ${live} is`}`);
    print('\nHistory');
    for (const entry of history) {
      const { action, at, author, message } = entry;
      print(`  ${when(at)}  ${action.padEnd(8)}  ${entry.version}  ${author}${message ? `: ${message}` : ''}`);
    }
    if (sources) for (const [file, text] of Object.entries(compiled.sources)) print(`\n--- ${file}\n${text}`);
  });
}

function described(template: CompiledTemplate): string[] {
  const { name, version, class: kind, topic, events, variants } = template;
  const ready = prepare(template);
  const languages = Object.entries(variants).map(([locale, { sample, textIsDerived }]) => {
    const { subject, html, text } = render(ready, { ...sample.person, locale }, sample.event, sampleLinks(template));
    const size = `${(Buffer.byteLength(html) / 1024).toFixed(1)} KB HTML, ${(Buffer.byteLength(text) / 1024).toFixed(1)} KB text`;
    return `  ${locale.padEnd(12)}  ${subject}  (${size}${textIsDerived ? '' : ' by hand'})`;
  });
  return [
    `${name} ${version}`,
    `  class         ${kind}${topic === undefined ? '' : `, topic ${topic}`}`,
    `  events        ${events.join(', ') || 'any'}`,
    ...languages,
  ];
}
