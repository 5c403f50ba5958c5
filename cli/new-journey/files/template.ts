import { stringify } from 'yaml';

import type { NewJourney } from '../check-wish.ts';
import { sentenceCase } from '../names.ts';

/** The mail in MJML, with what it is above it. Its event is one that could be. */
export function mailFile({ name, on, topic, sample }: NewJourney): string {
  const kind = topic === undefined ? 'class: transactional' : `class: marketing\ntopic: ${topic}`;
  const data = stringify({ sample: { person: { name: 'Ada Lovelace' }, event: sample } }, { lineWidth: 0 });
  return `---
subject: "${sentenceCase(name)}"
preheader: "What an inbox shows beside the subject, in a line."
${kind}
events: ${on}
${data}---
<mj-section>
  <mj-column>
    <mj-text mj-class="title"><h1>Hello{{#if person.name}}, {{person.name}}{{/if}}</h1></mj-text>
    <mj-text>These words stand in templates/${name}.</mj-text>
  </mj-column>
</mj-section>
`;
}
