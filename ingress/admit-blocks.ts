import type { Config } from '../config/schema.ts';
import type { EventType } from '../events/index.ts';
import type { ParsedEvent } from '../events/parse.ts';

type Admitted = { ok: true; parsed: ParsedEvent } | { ok: false; error: string };

/**
 * Leaves out what events of this type may not bring, and says so. An event that is about nothing else is refused. Whoever may
 * publish orders is not for that reason trusted to say who agreed to what; anybody is trusted to say who wants less.
 */
export function admitBlocks(parsed: ParsedEvent, { events }: Pick<Config, 'events'>): Admitted {
  const { contact, consent, dropped = [], ...rest } = parsed;
  const { event_type: type } = rest.event;
  const mayBring = (allowed: readonly EventType[] | undefined) => allowed === undefined || allowed.includes(type);
  const out = [
    ...(contact && !mayBring(events.contact_from) ? (['contact'] as const) : []),
    ...(consent && type !== 'consent.revoked' && !mayBring(events.consent_from) ? (['consent'] as const) : []),
  ];
  if (out.length === 0) return { ok: true, parsed };
  const left = out.map((block) => ({
    field: `payload.${block}`,
    problem: `is not taken from ${type}: see events.${block}_from in rivulet.yaml`,
  }));
  const about = type === 'contact.updated' ? 'contact' : type.startsWith('consent.') ? 'consent' : undefined;
  if (left.some(({ field }) => field === `payload.${about}`))
    return { ok: false, error: left.map(({ field, problem }) => `${field} ${problem}`).join('; ') };
  return {
    ok: true,
    parsed: {
      ...rest,
      dropped: [...dropped, ...left],
      ...(contact && !out.includes('contact') && { contact }),
      ...(consent && !out.includes('consent') && { consent }),
    },
  };
}
