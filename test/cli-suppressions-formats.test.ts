import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { importFile, type ImportOptions } from '../cli/suppressions/import.ts';
import { counts, suppressionsCli } from './support/suppressions-cli.ts';

const cli = suppressionsCli();

function imports(lines: readonly string[], options: ImportOptions = {}) {
  writeFileSync(cli.inFolder('list.csv'), lines.join('\n'));
  return cli.printed((context) => importFile(context, cli.inFolder('list.csv'), options));
}

const at = Date.UTC(2024, 4, 6, 7, 8, 9);
const seconds = String(at / 1_000);

/** What `c@example.com` gets: its reason, scope and time in Unix ms, 0 for the time of the import. */
type Found = [reason: string, scope: 'all' | 'marketing', since: number];

const exports: [format: string, header: string, rows: [row: string, found: Found | undefined][]][] = [
  [
    'SES suppression list',
    'EmailAddress,Reason,LastUpdateTime',
    [
      ['c@example.com,BOUNCE,2024-05-06T07:08:09.000Z', ['hard_bounce', 'all', at]],
      ['c@example.com,COMPLAINT,2024-05-06T09:08:09+02:00', ['complaint', 'all', at]],
      [`c@example.com,BOUNCE,${seconds}.000`, ['hard_bounce', 'all', at]],
    ],
  ],
  [
    'SES contact list',
    'EmailAddress,UnsubscribeAll,LastUpdatedTimestamp',
    [
      ['c@example.com,true,2024-05-06T07:08:09Z', ['unsubscribed', 'marketing', at]],
      ['c@example.com,false,2024-05-06T07:08:09Z', undefined],
    ],
  ],
  [
    'SendGrid bounces',
    'status,reason,email,created',
    [
      [`5.1.1,"550 5.1.1 no such user, sorry",c@example.com,${seconds}`, ['hard_bounce', 'all', at]],
      [`,"550 mailbox unavailable",c@example.com,${seconds}`, ['hard_bounce', 'all', at]],
      ['5.0.0,,c@example.com,2024-05-06 07:08:09', ['hard_bounce', 'all', at]],
    ],
  ],
  ['SendGrid spam reports', 'email,ip,created', [[`c@example.com,192.0.2.1,${seconds}`, ['complaint', 'all', at]]]],
  [
    'SendGrid invalid emails',
    'email,reason,created',
    [
      [
        `c@example.com,Mail domain mentioned in email address is unknown,${seconds}`,
        ['invalid_address', 'marketing', at],
      ],
    ],
  ],
  ['SendGrid global unsubscribes', 'email,created', [[`c@example.com,${seconds}`, ['unsubscribed', 'marketing', at]]]],
  [
    'SendGrid group unsubscribes',
    'email,group_id,group_name,created_at',
    [[`c@example.com,7,News,${seconds}`, ['unsubscribed', 'marketing', at]]],
  ],
  [
    'Mailgun bounces',
    'address,code,error,created_at',
    [['c@example.com,550,"no mailbox, sorry","Mon, 06 May 2024 07:08:09 UTC"', ['hard_bounce', 'all', at]]],
  ],
  [
    'Mailgun unsubscribes',
    'address,tags,created_at',
    [
      ['c@example.com,*,"Mon, 06 May 2024 07:08:09 UTC"', ['unsubscribed', 'marketing', at]],
      ['c@example.com,"[""news""]","Mon, 01 Jan 0001 00:00:00 UTC"', ['unsubscribed', 'marketing', 0]],
    ],
  ],
  [
    'Mailgun complaints',
    'address,created_at',
    [['c@example.com,"Mon, 06 May 2024 07:08:09 +0000"', ['complaint', 'all', at]]],
  ],
  [
    'Postmark suppressions',
    'Email Address,Suppression Reason,Origin,Created At',
    [
      ['c@example.com,HardBounce,Recipient,2024-05-06T07:08:09Z', ['hard_bounce', 'all', at]],
      ['c@example.com,SpamComplaint,Recipient,2024-05-06T02:08:09-05:00', ['complaint', 'all', at]],
      ['c@example.com,ManualSuppression,Recipient,2024-05-06T07:08:09Z', ['unsubscribed', 'marketing', at]],
      ['c@example.com,ManualSuppression,Customer,2024-05-06T07:08:09Z', ['manual', 'all', at]],
    ],
  ],
  [
    'Postmark bounces',
    'Email,Type,BouncedAt,Inactive',
    [
      ['c@example.com,HardBounce,2024-05-06T07:08:09.0000000Z,true', ['hard_bounce', 'all', at]],
      ['c@example.com,BadEmailAddress,2024-05-06T07:08:09Z,true', ['hard_bounce', 'all', at]],
      ['c@example.com,SpamComplaint,2024-05-06T07:08:09Z,true', ['complaint', 'all', at]],
      ['c@example.com,Unsubscribe,2024-05-06T07:08:09Z,true', ['unsubscribed', 'marketing', at]],
      ['c@example.com,Transient,2024-05-06T07:08:09Z,false', undefined],
      ['c@example.com,SoftBounce,2024-05-06T07:08:09Z,false', undefined],
    ],
  ],
  [
    'Mailchimp unsubscribed contacts',
    '"Email Address","First Name",MEMBER_RATING,OPTIN_TIME,UNSUB_TIME,UNSUB_REASON',
    [['c@example.com,Cy,2,"2020-01-01 00:00:00","2024-05-06 07:08:09","N/A"', ['unsubscribed', 'marketing', at]]],
  ],
  [
    'Mailchimp cleaned contacts',
    '"Email Address",MEMBER_RATING,OPTIN_TIME,CLEAN_TIME',
    [['c@example.com,2,"2020-01-01 00:00:00","2024-05-06 07:08:09"', ['hard_bounce', 'all', at]]],
  ],
  [
    'Mailchimp contacts',
    '"Email Address",Status,OPTIN_TIME',
    [
      ['c@example.com,Unsubscribed,"2020-01-01 00:00:00"', ['unsubscribed', 'marketing', 0]],
      ['c@example.com,cleaned,"2020-01-01 00:00:00"', ['hard_bounce', 'all', 0]],
      ['c@example.com,subscribed,"2020-01-01 00:00:00"', undefined],
    ],
  ],
  [
    'Customer.io people',
    'id,email,created_at,unsubscribed,suppressed',
    [
      ['7,c@example.com,1577836800,true,false', ['unsubscribed', 'marketing', 0]],
      ['7,c@example.com,1577836800,false,true', ['manual', 'all', 0]],
      ['7,c@example.com,1577836800,false,false', undefined],
      ['7,,1577836800,false,false', undefined],
    ],
  ],
  [
    'list of addresses',
    'E-Mail;Reason;Since;Scope',
    [
      ['c@example.com;;2024-05-06 07:08:09;', ['manual', 'all', at]],
      ['c@example.com;Unsubscribed;2024-05-06 07:08:09;', ['unsubscribed', 'marketing', at]],
      ['c@example.com;opt-out;2024-05-06 07:08:09;', ['unsubscribed', 'marketing', at]],
      ['c@example.com;Spam;2024-05-06 07:08:09;marketing', ['complaint', 'marketing', at]],
    ],
  ],
];

describe('suppressions import', () => {
  it.each(exports.flatMap(([format, header, rows]) => rows.map(([row, found]) => ({ format, header, row, found }))))(
    'reads $format: $row',
    async ({ format, header, row, found }) => {
      const before = Date.now();
      // A second address, so that a file in which everything is ignored does not decide.
      const { out, failed } = await imports([header, row, row.replace('c@example.com', 'd@example.com')]);
      expect(out).toContain(`list.csv (${format}):\n`);
      expect(counts(out)).toMatchObject(
        found ? { rows: 2, imported: 2, refused: 0 } : { rows: 2, ignored: 2, refused: 0 },
      );
      expect(failed?.message).toBe(found ? undefined : 'No row could be imported.');
      const [suppression, ...more] = await cli.suppressionsOf('c@example.com');
      expect(more).toEqual([]);
      if (!found) expect(suppression).toBeUndefined();
      else {
        const [reason, scope, since] = found;
        expect(suppression).toMatchObject({ reason, scope, source: 'import' });
        if (since === 0) expect(suppression?.since).toBeGreaterThanOrEqual(before);
        else expect(suppression?.since).toBe(since);
      }
    },
  );

  it('refuses the reasons that no export has, and takes --reason and --scope in their place', async () => {
    const rows = ['address,reason,created_at', `c@example.com,moved,${seconds}`, 'd@example.com,bounce,'];
    const refused = await imports(rows);
    expect(counts(refused.out)).toMatchObject({ imported: 1, refused: 1, 'unknown reason': 1 });
    const taken = await imports(rows, { reason: 'complaint', scope: 'marketing' });
    expect(counts(taken.out)).toMatchObject({ imported: 2, refused: 0 });
    expect(await cli.suppressionsOf('c@example.com')).toMatchObject([{ reason: 'complaint', scope: 'marketing' }]);
    expect(await cli.suppressionsOf('d@example.com')).toMatchObject([
      { reason: 'complaint', scope: 'marketing' },
      { reason: 'hard_bounce', scope: 'all' },
    ]);
  });

  it('lets a column that names a reason decide, whatever the other columns are', async () => {
    const rows = ['c@example.com,2024-05-06,bounce', 'd@example.com,2024-05-06,it is left'];
    const { out } = await imports(['email,unsub_time,why', ...rows], { column: ['reason=Why', 'since=unsub_time'] });
    expect(counts(out)).toMatchObject({ imported: 2 });
    expect(await cli.suppressionsOf('c@example.com')).toMatchObject([{ reason: 'hard_bounce' }]);
    expect(await cli.suppressionsOf('d@example.com')).toMatchObject([{ reason: 'unsubscribed' }]);
  });

  it('takes every row for an unsubscribe with --reason unsubscribed', async () => {
    await cli.store.contacts.record('u_1', { email: 'c@example.com' }, at);
    const { out } = await imports(['email,reason', 'c@example.com,moved', 'd@example.com,bounce'], {
      reason: 'unsubscribed',
    });
    expect(counts(out)).toMatchObject({ imported: 2, 'opt-outs': 1, 'unsubscribed addresses': 1 });
    expect(await cli.store.consents.stateOf('u_1', 'offers')).toBe('revoked');
  });

  it('reads the JSON of the APIs of providers', async () => {
    const summary = { EmailAddress: 'c@example.com', Reason: 'BOUNCE', LastUpdateTime: at / 1_000 };
    const ses = await imports([JSON.stringify({ SuppressedDestinationSummaries: [summary], NextToken: 'x' })]);
    expect(ses.out).toContain('(SES suppression list):');
    const mailgun = { address: 'd@example.com', tags: ['*'], created_at: 'Mon, 06 May 2024 07:08:09 UTC' };
    expect((await imports([JSON.stringify({ items: [mailgun], paging: {} })])).out).toContain(
      '(Mailgun unsubscribes):',
    );
    expect(await cli.suppressionsOf('c@example.com')).toMatchObject([{ reason: 'hard_bounce', since: at }]);
    expect(await cli.suppressionsOf('d@example.com')).toMatchObject([{ reason: 'unsubscribed', since: at }]);
  });

  it('refuses addresses that are none in every format', async () => {
    for (const [, header, rows] of exports) {
      const [row = ''] = rows[0] ?? [];
      const { out, failed } = await imports([
        header,
        row.replace('c@example.com', 'c@'),
        row.replace('c@example.com', ''),
      ]);
      expect(counts(out)).toMatchObject({ rows: 2, imported: 0, refused: 2, 'not an address': 2 });
      expect(failed?.message).toBe('No row could be imported.');
    }
    expect(await cli.everything()).toEqual([]);
  });
});
