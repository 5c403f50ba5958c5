import { emailAddress } from '../../events/person.ts';
import type { Suppression, SuppressionReason } from '../../store/suppressions.ts';
import type { Columns } from '../imports/columns.ts';
import { instant, isFuture } from '../imports/instant.ts';
import type { Refusal } from '../imports/tally.ts';
import type { SuppressionField } from './fields.ts';
import { type Format, reasonNamed } from './formats.ts';
import { isAddressHash, type Whom } from './whom.ts';

/** A suppression, or an opt-out: one with the reason `unsubscribed`. `isDated`: its `since` is from the file. */
export type Entry = Whom & { suppression: Suppression; isDated: boolean };

/** What applies to every row of an import. */
export interface RowSettings {
  /** Unix ms. */
  now: number;
  format: Format;
  /** In place of what the rows say. */
  reason: SuppressionReason | undefined;
  scope: Suppression['scope'] | undefined;
  scopeOf: (reason: SuppressionReason) => Suppression['scope'];
}

/** Reads one row: an entry, or why it is refused; `'ignored'` when it suppresses no address. */
export function readEntry(
  columns: Columns<SuppressionField>,
  cells: readonly string[],
  { now, format, reason: forAll, scope: scopeForAll, scopeOf }: RowSettings,
): Entry | Refusal | 'ignored' {
  const cell = (field: SuppressionField) => columns.cell(cells, field);
  const named = forAll ?? reasonNamed(cell('reason'));
  const reason = named ?? format.meaning((name) => columns.named(cells, name), cell('reason'));
  if (reason === 'ignored') return reason;
  const whom = whomIn(cell('email'), cell('address_hash'));
  if ('refused' in whom) return whom;
  if (reason === undefined) return { refused: 'unknown reason', text: cell('reason') };
  const scope = scopeForAll ?? (cell('scope').toLowerCase() || scopeOf(reason));
  if (scope !== 'all' && scope !== 'marketing') return { refused: 'unknown scope', text: cell('scope') };
  const sinceText = timeIn(columns, cells, format);
  const since = instant(sinceText);
  if (since === undefined || (since !== 'none' && isFuture(since, now)))
    return { refused: 'bad date', text: sinceText };
  const until = instant(cell('until'));
  if (until === undefined) return { refused: 'bad date', text: cell('until') };
  if (until !== 'none' && until <= now) return { refused: 'over already', text: cell('until') };
  const isDated = since !== 'none';
  const times = { since: isDated ? since : now, ...(until !== 'none' && { until }) };
  return { ...whom, isDated, suppression: { reason, scope, source: 'import', ...times } };
}

function whomIn(email: string, hash: string): Whom | Refusal {
  if (email === '' && hash !== '')
    return isAddressHash(hash) ? { hash } : { refused: 'not an address hash', text: hash };
  const address = emailAddress.safeParse(email);
  return address.success ? { address: address.data } : { refused: 'not an address', text: email };
}

/** A column that the user has mapped counts in every format. */
function timeIn(columns: Columns<SuppressionField>, cells: readonly string[], { times }: Format): string {
  if (times === undefined || columns.isMapped('since')) return columns.cell(cells, 'since');
  return times.map((name) => columns.named(cells, name)).find((text) => text !== '') ?? '';
}
