import type { NewJourney } from '../check-wish.ts';
import { sentenceCase } from '../names.ts';

/** The mail in HTML, with what it is above it. */
export function htmlFile({ name, topic }: NewJourney): string {
  const kind = topic === undefined ? 'class: transactional' : `class: marketing\ntopic: ${topic}`;
  return `---
subject: "${sentenceCase(name)}"
preheader: "What an inbox shows beside the subject."
${kind}
---
{{#> base}}
<h1 style="margin:0 0 16px;font-size:22px">Hello{{#if person.name}}, {{person.name}}{{/if}}</h1>
<p>${words(name)}</p>
{{/base}}
`;
}

/** The same as plain text. The links of a marketing mail stand in the layout of the HTML; here they stand at the end. */
export function textFile({ name, topic }: NewJourney): string {
  const links = `{{#if links.unsubscribe}}

--
Unsubscribe: {{links.unsubscribe}}
Choose what you get: {{links.preferences}}
{{/if}}
`;
  return `Hello{{#if person.name}}, {{person.name}}{{/if}}

${words(name)}
${topic === undefined ? '' : links}`;
}

function words(name: string): string {
  return `These words stand in templates/${name}.`;
}
