import { html } from 'hono/html';

import type { SuppressionReason } from '../../store/suppressions.ts';
import type { Fragment } from './frame.ts';
import type { Person } from './person.ts';
import type { Visit } from './visit.ts';

/** What ticking a topic cannot change, in one sentence. It helps whoever wonders; how it came about is not told to a link. */
export async function stoppedNotice({ deps, language }: Visit, { contact }: Person): Promise<Fragment | ''> {
  if (contact.email === undefined) return '';
  const { stopped } = language.words;
  const reasons = await deps.store.suppressions.of(deps.store.addressHash(contact.email)).catch(() => []);
  const kinds = new Set(reasons.map(({ reason }) => kindOf[reason]));
  if (kinds.has('complaint')) return html`<p class="notice">${stopped.complaint}</p>`;
  if (kinds.has('bounce')) return html`<p class="notice">${stopped.bounce}</p>`;
  return '';
}

const kindOf: Record<SuppressionReason, 'complaint' | 'bounce' | 'other'> = {
  complaint: 'complaint',
  hard_bounce: 'bounce',
  soft_bounces: 'bounce',
  invalid_address: 'bounce',
  provider_list: 'other',
  unsubscribed: 'other',
  manual: 'other',
};
