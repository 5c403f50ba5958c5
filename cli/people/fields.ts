import type { Sought } from '../imports/columns.ts';

/** The fields that an import of people reads, and the names of their columns. */
export const personFields = {
  user_id: ['userid', 'externalid', 'customerid', 'id'],
  email: ['email', 'emailaddress', 'emailaddr', 'mail', 'address'],
  name: ['name', 'fullname', 'displayname'],
  first_name: ['firstname', 'fname', 'givenname'],
  last_name: ['lastname', 'lname', 'surname', 'familyname'],
  locale: ['locale', 'language', 'lang'],
  time_zone: ['timezone', 'tz'],
  country: ['country', 'countrycode', 'cc'],
  topics: ['topics', 'topic'],
  /** Whether they agreed: a state, or yes and no. */
  consent: ['consent', 'consented', 'subscribed', 'optin', 'optedin', 'status', 'subscriptionstatus'],
  /** The reverse: yes is an opt-out. */
  unsubscribed: ['unsubscribed', 'unsubscribeall', 'optout', 'optedout'],
  source: ['source', 'consentsource', 'optinsource'],
  captured_at: ['capturedat', 'consentat', 'consentedat', 'consenttime', 'subscribedat'],
  /** When they agreed, if no column says when the row was captured. */
  confirmed_at: [
    'confirmtime',
    'optintime',
    'createdat',
    'created',
    'timestamp',
    'time',
    'date',
    'lastupdatedtimestamp',
  ],
  unsubscribed_at: ['unsubtime', 'unsubscribedat', 'optoutat', 'optouttime'],
} as const;

export type PersonField = keyof typeof personFields;

/** What a file of people has to name. */
export const soughtWith = (mapped: ReadonlyMap<PersonField, string>): Sought<PersonField> => ({
  fields: personFields,
  mapped,
  required: [
    { anyOf: ['email'], what: 'addresses' },
    { anyOf: ['user_id'], what: 'user ids' },
  ],
});
