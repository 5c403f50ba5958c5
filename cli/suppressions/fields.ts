import type { Sought } from '../imports/columns.ts';

/** The fields that an import of suppressions reads, and the names of their columns. */
export const suppressionFields = {
  email: ['email', 'emailaddress', 'emailaddr', 'mail', 'recipient', 'recipientemail', 'address'],
  address_hash: ['addresshash'],
  reason: ['reason', 'suppressionreason'],
  scope: ['scope'],
  since: [
    'since',
    'created',
    'createdat',
    'lastupdatetime',
    'lastupdatedtimestamp',
    'bouncedat',
    'suppressedat',
    'date',
    'timestamp',
    'time',
  ],
  until: ['until'],
} as const;

export type SuppressionField = keyof typeof suppressionFields;

/** What a file of suppressions has to name. */
export const soughtWith = (mapped: ReadonlyMap<SuppressionField, string>): Sought<SuppressionField> => ({
  fields: suppressionFields,
  mapped,
  required: [{ anyOf: ['email', 'address_hash'], what: 'addresses' }],
});
