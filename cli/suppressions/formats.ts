import { type SuppressionReason, suppressionReasons } from '../../store/suppressions.ts';
import { plain } from '../imports/columns.ts';
import { yesOrNo } from '../imports/yes-or-no.ts';

/** What a row of an export means: a suppression or an opt-out by its reason, or nothing to import. Undefined: unknown. */
type Meaning = SuppressionReason | 'ignored' | undefined;

/** The values of one row by the plain names of its columns; empty where there is no such column. */
type Named = (plain: string) => string;

/** An export that is recognized by its columns. `meaning`: of a row whose `reason` names none, as SendGrid's, which is free text. */
export interface Format {
  name: string;
  recognizes: (columns: ReadonlySet<string>) => boolean;
  meaning: (named: Named, reason: string) => Meaning;
  /** The only columns with the time of the suppression, where others are the time of something else. */
  times?: readonly string[];
}

/** Returns the format of a file by the plain names of its columns: the first that recognizes it, and the last recognizes every file. */
export function formatOf(columns: ReadonlySet<string>): Format {
  return formats.find(({ recognizes }) => recognizes(columns))!;
}

const allOf =
  (...names: string[]) =>
  (columns: ReadonlySet<string>) =>
    names.every((name) => columns.has(name));

const anyOf =
  (...names: string[]) =>
  (columns: ReadonlySet<string>) =>
    names.some((name) => columns.has(name));

const always = (reason: SuppressionReason) => () => reason;

const formats: Format[] = [
  { name: 'Postmark suppressions', recognizes: allOf('suppressionreason'), meaning: postmarkSuppression },
  { name: 'Postmark bounces', recognizes: allOf('bouncedat', 'type'), meaning: postmarkBounce },
  {
    name: 'Mailchimp unsubscribed contacts',
    recognizes: allOf('unsubtime'),
    meaning: always('unsubscribed'),
    times: ['unsubtime'],
  },
  {
    name: 'Mailchimp cleaned contacts',
    recognizes: allOf('cleantime'),
    meaning: always('hard_bounce'),
    times: ['cleantime'],
  },
  {
    name: 'Mailchimp contacts',
    recognizes: anyOf('memberrating', 'optintime', 'leid', 'euid'),
    meaning: (named) => mailchimpStatus(named('status')),
    times: [],
  },
  {
    name: 'SES contact list',
    recognizes: allOf('unsubscribeall'),
    meaning: (named) => (yesOrNo(named('unsubscribeall')) ? 'unsubscribed' : 'ignored'),
  },
  {
    name: 'Customer.io people',
    recognizes: anyOf('unsubscribed', 'suppressed'),
    meaning: customerIoPerson,
    times: ['unsubscribedat', 'suppressedat'],
  },
  { name: 'SES suppression list', recognizes: allOf('emailaddress', 'lastupdatetime'), meaning: unnamed },
  {
    name: 'SendGrid group unsubscribes',
    recognizes: anyOf('groupid', 'groupname', 'asmgroupid'),
    meaning: always('unsubscribed'),
  },
  {
    name: 'SendGrid bounces',
    recognizes: allOf('email', 'status', 'reason', 'created'),
    meaning: always('hard_bounce'),
  },
  { name: 'SendGrid spam reports', recognizes: allOf('email', 'ip', 'created'), meaning: always('complaint') },
  {
    name: 'SendGrid invalid emails',
    recognizes: allOf('email', 'reason', 'created'),
    meaning: always('invalid_address'),
  },
  {
    name: 'SendGrid global unsubscribes',
    recognizes: (columns) => columns.size === 2 && allOf('email', 'created')(columns),
    meaning: always('unsubscribed'),
  },
  { name: 'Mailgun bounces', recognizes: allOf('address', 'code', 'error'), meaning: always('hard_bounce') },
  { name: 'Mailgun unsubscribes', recognizes: allOf('address', 'tags'), meaning: always('unsubscribed') },
  {
    name: 'Mailgun complaints',
    recognizes: (columns) => !columns.has('reason') && allOf('address', 'createdat')(columns),
    meaning: always('complaint'),
  },
  { name: 'list of addresses', recognizes: () => true, meaning: unnamed },
];

/** Without a reason, the operator lists the address. */
function unnamed(_: Named, reason: string): Meaning {
  return reason === '' ? 'manual' : undefined;
}

/** A recipient who suppresses their own address has unsubscribed; a customer or an admin has listed it. */
function postmarkSuppression(named: Named, reason: string): Meaning {
  if (plain(reason) !== 'manualsuppression') return undefined;
  return ['', 'recipient'].includes(plain(named('origin'))) ? 'unsubscribed' : 'manual';
}

/** Types that do not deactivate an address, such as `Transient`, suppress nothing. */
function postmarkBounce(named: Named): Meaning {
  const type = plain(named('type'));
  if (['bademailaddress', 'hardbounce'].includes(type)) return 'hard_bounce';
  if (['spamcomplaint', 'unsubscribe', 'unsubscribed'].includes(type)) return reasonNamed(type);
  return type === 'manuallydeactivated' ? 'manual' : 'ignored';
}

function mailchimpStatus(status: string): Meaning {
  if (plain(status) === 'cleaned') return 'hard_bounce';
  return plain(status) === 'unsubscribed' ? 'unsubscribed' : 'ignored';
}

function customerIoPerson(named: Named): Meaning {
  if (yesOrNo(named('suppressed'))) return 'manual';
  return yesOrNo(named('unsubscribed')) ? 'unsubscribed' : 'ignored';
}

const otherNames: Readonly<Record<string, SuppressionReason>> = {
  bounce: 'hard_bounce',
  bounced: 'hard_bounce',
  bounces: 'hard_bounce',
  permanent: 'hard_bounce',
  hard: 'hard_bounce',
  complained: 'complaint',
  complaints: 'complaint',
  spam: 'complaint',
  spamcomplaint: 'complaint',
  spamreport: 'complaint',
  abuse: 'complaint',
  unsubscribe: 'unsubscribed',
  unsubscribes: 'unsubscribed',
  optout: 'unsubscribed',
  optedout: 'unsubscribed',
  groupunsubscribe: 'unsubscribed',
  globalunsubscribe: 'unsubscribed',
  invalid: 'invalid_address',
  invalidemail: 'invalid_address',
};

/** The reason that a text names, in the words of Rivulet or of an export; undefined when it names none. */
export function reasonNamed(text: string): SuppressionReason | undefined {
  const name = plain(text);
  return (
    suppressionReasons.find((reason) => plain(reason) === name) ??
    (Object.hasOwn(otherNames, name) ? otherNames[name] : undefined)
  );
}
