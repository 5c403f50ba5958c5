import type { Config } from '../config/schema.ts';
import type { EventType } from '../events/index.ts';
import type { ParsedEvent } from '../events/parse.ts';

type Admitted = { ok: true; parsed: ParsedEvent } | { ok: false; error: string };

/**
 * Drops and reports the blocks that events of this type may not carry. Refuses an event that is only about such a block. Permission to
 * publish orders does not imply permission to record consent; opt-outs are always accepted.
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
    problem: `is not accepted from ${type} events: add the type to events.${block}_from in rivulet.yaml to accept it`,
  }));
  const about = type === 'contact.updated' ? 'contact' : type.startsWith('consent.') ? 'consent' : undefined;
  if (left.some(({ field }) => field === `payload.${about}`))
    return { ok: false, error: left.map(({ field, problem }) => `${field} ${problem}`).join('; ') };
  return {
    ok: true,
    parsed: {
      ...rest,
      dropped: [...dropped, ...left],
      ...(type === 'consent.revoked' && contact?.email !== undefined && { optOutAt: contact.email }),
      ...(contact && !out.includes('contact') && { contact }),
      ...(consent && !out.includes('consent') && { consent }),
    },
  };
}
