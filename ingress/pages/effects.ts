import { randomUUID } from 'node:crypto';

import type { ConsentBlock } from '../../events/person.ts';
import { everybodyAt } from '../people-at.ts';
import type { PageDependencies } from './dependencies.ts';

/** One word of a person about some topics. */
export interface Said {
  user: string;
  state: 'granted' | 'revoked';
  consent: ConsentBlock & { source: string };
  /** Unix ms. */
  at: number;
  /** The event that asked for it. */
  request?: string;
  /** The keyed hash of the address at which it was said. */
  address?: string;
}

/**
 * Records what somebody said, and publishes it so that running journeys hear it. Each is tried whatever becomes of the
 * other, under one id, so that ingress, which records events too, records it once. False when both failed: then nothing
 * has happened, and the person must hear that.
 */
export async function say(deps: Pick<PageDependencies, 'store' | 'publish' | 'log'>, said: Said): Promise<boolean> {
  const { user, state, at, request, address } = said;
  const consent = { ...said.consent, captured_at: at };
  const id = randomUUID();
  const publish = async () =>
    deps.publish({
      event_id: id,
      event_type: `consent.${state}`,
      user_id: user,
      timestamp: at,
      payload: { consent, ...(request !== undefined && { request }) },
      metadata: { source: consent.source },
    });
  const record = async () => {
    const { contacts, consents } = deps.store;
    await consents.record(user, { id, state, consent, at, ...(address !== undefined && { address }) });
    const whose = state === 'revoked' ? await everybodyAt(contacts, user, address) : [];
    const about = address !== undefined && { address };
    for (const other of whose) if (other !== user) await consents.record(other, { id, state, consent, at, ...about });
  };
  const [recorded, published] = await Promise.allSettled([record(), publish()]);
  const about = { event_id: id, user_id: user, topics: consent.topics, state };
  for (const [what, outcome] of Object.entries({ recorded, published })) {
    if (outcome.status === 'rejected')
      deps.log.error(
        { ...about, what, err: outcome.reason },
        'a word about consent was not taken in one of two places',
      );
  }
  const taken = recorded.status === 'fulfilled' || published.status === 'fulfilled';
  if (taken) deps.log.info({ ...about, source: consent.source }, 'somebody chose what they get');
  return taken;
}
