import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { importPeople, type ImportOptions } from '../cli/people/import.ts';
import { counts, suppressionsCli } from './support/suppressions-cli.ts';

const cli = suppressionsCli();
const at = Date.UTC(2024, 4, 6, 7, 8, 9);
const iso = (time: number) => new Date(time).toISOString();

function imports(lines: readonly string[], options: ImportOptions) {
  writeFileSync(cli.inFolder('people.csv'), lines.join('\n'));
  return cli.printed((context) => importPeople(context, cli.inFolder('people.csv'), options));
}

const contactOf = (user: string) => cli.store.contacts.find(user);
const stateOf = (user: string, topic: string) => cli.store.consents.stateOf(user, topic);
const offers: ImportOptions = { topic: ['offers'], source: 'import 2026-11' };

/** What `u_1` is after an import: contact, state of `offers`, and its time in Unix ms; undefined for that of the import. */
type Found = [contact: object, state: string, captured?: number | undefined];

const ada = { email: 'ada@example.com', name: 'Ada Lovelace' };

const files: [name: string, header: string, row: string, options: ImportOptions, found: Found][] = [
  [
    'every field by its own name',
    'user_id,email,name,locale,time_zone,country,topics,source,captured_at',
    `u_1,ada@example.com,Ada Lovelace,pt-BR,Europe/Berlin,de,offers news,form,${at}`,
    {},
    [{ ...ada, locale: 'pt-BR', time_zone: 'Europe/Berlin', country: 'DE' }, 'granted', at],
  ],
  [
    'a mapped id',
    'ID;E-Mail;captured_at',
    `u_1;Ada Lovelace <ada@example.com>;${at}`,
    { ...offers, column: ['user_id=ID'] },
    [ada, 'granted', at],
  ],
  [
    'a time in seconds',
    'User ID,Email,Name,captured_at',
    `u_1,ada@example.com,Ada Lovelace,${at / 1_000}`,
    offers,
    [ada, 'granted', at],
  ],
  [
    'a time in UTC',
    'userId,email,name,captured_at',
    'u_1,ada@example.com,Ada Lovelace,2024-05-06 07:08:09',
    offers,
    [ada, 'granted', at],
  ],
  [
    'no time, with --time',
    'user_id,email,name',
    'u_1,ada@example.com,Ada Lovelace',
    { ...offers, time: at },
    [ada, 'granted', at],
  ],
  ['no consent', 'user_id,email,name', 'u_1,ada@example.com,Ada Lovelace', {}, [ada, 'none']],
  [
    'Customer.io, subscribed',
    'id,email,created_at,unsubscribed,first_name,last_name',
    `u_1,ada@example.com,${at / 1_000},false,Ada,Lovelace`,
    offers,
    [ada, 'granted', at],
  ],
  [
    'Customer.io, unsubscribed',
    'id,email,created_at,unsubscribed,first_name,last_name',
    `u_1,ada@example.com,${at / 1_000},true,Ada,Lovelace`,
    {},
    [ada, 'revoked', undefined],
  ],
  [
    'Mailchimp, subscribed',
    '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,TIMEZONE,CC,LEID',
    'ada@example.com,Ada,Lovelace,2,"2020-01-01 00:00:00","2024-05-06 07:08:09",Europe/Berlin,DE,u_1',
    { ...offers, column: ['user_id=LEID'] },
    [{ ...ada, time_zone: 'Europe/Berlin', country: 'DE' }, 'granted', at],
  ],
  [
    'Mailchimp, unsubscribed',
    '"Email Address","First Name","Last Name",OPTIN_TIME,UNSUB_TIME,EUID',
    'ada@example.com,Ada,Lovelace,"2020-01-01 00:00:00","2024-05-06 07:08:09",u_1',
    { column: ['user_id=EUID'] },
    [ada, 'revoked', at],
  ],
  [
    'SendGrid contacts',
    'EMAIL,FIRST_NAME,LAST_NAME,COUNTRY,CONTACT_ID,CREATED_AT,EXTERNAL_ID',
    'ada@example.com,Ada,Lovelace,GB,f1-2,2024-05-06T07:08:09Z,u_1',
    offers,
    [{ ...ada, country: 'GB' }, 'granted', at],
  ],
  [
    'a Mailgun mailing list',
    'address,name,subscribed,user_id,created_at',
    'ada@example.com,Ada Lovelace,yes,u_1,"Mon, 06 May 2024 07:08:09 GMT"',
    offers,
    [ada, 'granted', at],
  ],
  [
    'an SES contact list',
    'EmailAddress,UnsubscribeAll,LastUpdatedTimestamp,user_id,name',
    'ada@example.com,true,2024-05-06T07:08:09Z,u_1,Ada Lovelace',
    {},
    [ada, 'revoked', undefined],
  ],
  [
    'a state',
    'user_id,email,name,consent,captured_at',
    `u_1,ada@example.com,Ada Lovelace,pending,${iso(at)}`,
    offers,
    [ada, 'pending', at],
  ],
  [
    'a refusal',
    'user_id,email,name,opted_in,captured_at',
    `u_1,ada@example.com,Ada Lovelace,no,${iso(at)}`,
    offers,
    [ada, 'revoked', at],
  ],
  [
    'a contact that has agreed to nothing',
    'user_id,email,name,status,captured_at',
    `u_1,ada@example.com,Ada Lovelace,Non-subscribed,${at}`,
    offers,
    [ada, 'none'],
  ],
];

describe('people import', () => {
  it.each(files.map(([name, header, row, options, found]) => ({ name, header, row, options, found })))(
    'records contact and consent of a file with $name',
    async ({ header, row, options, found: [contact, state, captured] }) => {
      const before = Date.now();
      const { out, failed } = await imports([header, row], options);
      expect([counts(out), failed]).toEqual([{ rows: 1, imported: 1, unchanged: 0, refused: 0 }, undefined]);
      expect([await contactOf('u_1'), await stateOf('u_1', 'offers')]).toEqual([contact, state]);
      const records = await cli.store.consents.now('u_1');
      const record = records['offers'] ?? records['*'];
      if (captured !== undefined) expect(record?.captured_at).toBe(captured);
      else if (record) expect(record.captured_at).toBeGreaterThanOrEqual(before);
      const again = await imports([header, row], options);
      expect(counts(again.out)).toMatchObject({ rows: 1, imported: 0, unchanged: 1 });
    },
  );
});
