import type { ConsentState } from '../../store/consents.ts';
import { plain } from '../imports/columns.ts';
import type { Refusal } from '../imports/tally.ts';
import { yesOrNo } from '../imports/yes-or-no.ts';
import type { PersonField } from './fields.ts';

const states: Readonly<Record<string, ConsentState | 'none'>> = {
  granted: 'granted',
  subscribed: 'granted',
  optin: 'granted',
  optedin: 'granted',
  confirmed: 'granted',
  revoked: 'revoked',
  unsubscribed: 'revoked',
  optout: 'revoked',
  optedout: 'revoked',
  pending: 'pending',
  unconfirmed: 'pending',
  // Contacts that have said nothing about marketing, or whose address bounced.
  nonsubscribed: 'none',
  transactional: 'none',
  archived: 'none',
  cleaned: 'none',
};

/**
 * Returns what a row says about consent; undefined when it has no word for it, so that naming a topic is the consent. An opt-out
 * prevails over what another column says.
 */
export function agreementIn(cell: (field: PersonField) => string): ConsentState | 'none' | Refusal | undefined {
  const text = cell('consent');
  const state = stateNamed(text);
  if (text !== '' && state === undefined) return { refused: 'unknown consent state', text };
  const left = cell('unsubscribed');
  const hasLeft = left === '' ? false : yesOrNo(left);
  if (hasLeft === undefined) return { refused: 'unknown consent state', text: left };
  return hasLeft || (state === undefined && cell('unsubscribed_at') !== '') ? 'revoked' : state;
}

function stateNamed(text: string): ConsentState | 'none' | undefined {
  const agreed = yesOrNo(text);
  if (agreed !== undefined) return agreed ? 'granted' : 'revoked';
  const name = plain(text);
  return Object.hasOwn(states, name) ? states[name] : undefined;
}
