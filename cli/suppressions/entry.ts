import { z } from 'zod';

import { emailAddress } from '../../events/person.ts';
import { type Suppression, type SuppressionReason, suppressionReasons } from '../../store/suppressions.ts';
import type { Row } from './read-rows.ts';
import { isAddressHash, type Whom } from './whom.ts';

/** Why a row cannot be imported. */
export type Mistake =
  | 'not an address'
  | 'not an address hash'
  | 'unknown reason'
  | 'unknown scope'
  | 'bad date'
  | 'over already'
  | 'wrong number of columns'
  | 'quotes that do not match';

export type Entry = Whom & { suppression: Suppression };

/** What a row stands for when it does not say. */
export interface RowDefaults {
  now: number;
  scopeOf: (reason: SuppressionReason) => Suppression['scope'];
}

/** Reads one row: an entry, or the mistake and the words that are wrong. */
export function readEntry(
  header: readonly string[],
  { cells }: Row,
  { now, scopeOf }: RowDefaults,
): Entry | [Mistake, string] {
  if (cells === undefined) return ['quotes that do not match', ''];
  if (cells.length !== header.length) return ['wrong number of columns', `${cells.length} of ${header.length}`];
  const cell = (name: string) => cells[header.indexOf(name)]?.trim() ?? '';

  const whom = whomIn(cell('email'), cell('address_hash'));
  if (Array.isArray(whom)) return whom;
  const reason = reasonIn(cell('reason'));
  if (reason === undefined) return ['unknown reason', cell('reason')];
  const scope = cell('scope').toLowerCase() || scopeOf(reason);
  if (scope !== 'all' && scope !== 'marketing') return ['unknown scope', cell('scope')];
  const since = cell('since') === '' ? now : instant(cell('since'));
  if (since === undefined || since > now + dayMs) return ['bad date', cell('since')];
  const until = cell('until') === '' ? undefined : instant(cell('until'));
  if (cell('until') !== '' && until === undefined) return ['bad date', cell('until')];
  if (until !== undefined && until <= now) return ['over already', cell('until')];
  return { ...whom, suppression: { reason, scope, since, source: 'import', ...(until !== undefined && { until }) } };
}

const dayMs = 86_400_000;

function whomIn(email: string, hash: string): Whom | [Mistake, string] {
  if (email === '' && hash !== '') return isAddressHash(hash) ? { hash } : ['not an address hash', hash];
  const address = emailAddress.safeParse(email);
  return address.success ? { address: address.data } : ['not an address', email];
}

function reasonIn(text: string): SuppressionReason | undefined {
  if (text === '') return 'manual';
  const name = text.toLowerCase();
  return name === 'bounce' ? 'hard_bounce' : suppressionReasons.find((reason) => reason === name);
}

const day = z.iso.date();
const dayAndTime = z.iso.datetime({ offset: true, local: true });

/** A date, a date and time (in UTC, unless it says otherwise), or Unix milliseconds. Seconds would be a day in 1970. */
function instant(text: string): number | undefined {
  if (/^\d{12,14}$/.test(text)) return Number(text);
  const iso = text.replace(' ', 'T');
  if (day.safeParse(iso).success) return Date.parse(iso);
  if (!dayAndTime.safeParse(iso).success) return undefined;
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(iso) ? iso : `${iso}Z`);
}
