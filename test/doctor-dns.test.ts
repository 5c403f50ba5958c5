import { describe, expect, it } from 'vitest';

import { findDmarc } from '../cli/dns/dmarc.ts';
import type { DnsResolver } from '../cli/dns/resolver.ts';
import { lookAtDns, type SendingDomain } from '../cli/doctor-dns.ts';
import { sendingDomainOf } from '../cli/doctor-ses.ts';

interface Records {
  txt?: Record<string, string | string[]>;
  cname?: Record<string, string>;
  mx?: Record<string, string | string[]>;
}

/** DNS that knows these records; `asked` has every name it was asked for. */
function dns({ txt = {}, cname = {}, mx = {} }: Records, failing?: string): DnsResolver & { asked: string[] } {
  const asked: string[] = [];
  const answer = <T>(records: Record<string, T>, name: string): T => {
    asked.push(name);
    if (failing !== undefined) throw Object.assign(new Error('no answer'), { code: failing });
    const found = records[name];
    if (found === undefined) throw Object.assign(new Error('not found'), { code: 'ENODATA' });
    return found;
  };
  return {
    asked,
    // A long record comes in several parts.
    resolveTxt: async (name) => [answer(txt, name)].flat().map((text) => [text.slice(0, 20), text.slice(20)]),
    resolveCname: async (name) => [answer(cname, name)],
    resolveMx: async (name) => [answer(mx, name)].flat().map((exchange) => ({ exchange, priority: 10 })),
  };
}

const region = 'eu-central-1';
const sending: SendingDomain = {
  from: 'example.com',
  dkim: { domain: 'example.com', tokens: ['aaa', 'bbb', 'ccc'], zone: 'dkim.amazonses.com' },
  mailFrom: { domain: 'bounce.example.com', region },
};
const good = {
  txt: {
    'bounce.example.com': 'v=spf1 include:amazonses.com ~all',
    'amazonses.com': 'v=spf1 ip4:199.255.192.0/22 -all',
    '_dmarc.example.com': 'v=DMARC1; p=reject; rua=mailto:dmarc@example.com',
  },
  cname: Object.fromEntries(
    ['aaa', 'bbb', 'ccc'].map((token) => [`${token}._domainkey.example.com`, `${token}.dkim.amazonses.com`]),
  ),
  mx: { 'bounce.example.com': 'Feedback-SMTP.eu-central-1.amazonses.com.' },
} satisfies Records;

const look = async (records: Records, domain = sending) =>
  (await lookAtDns(domain, dns(records))).map(({ level, about, says }) => `${level} ${about}: ${says}`);
const withTxt = (txt: Record<string, string | string[]>): Records => ({ ...good, txt: { ...good.txt, ...txt } });

it('a domain on which all is set up', async () => {
  expect(await look(good)).toEqual([
    'ok DKIM: the records of example.com are published',
    'ok SPF: bounce.example.com has a valid record',
    'ok bounces: go to bounce.example.com, whose MX is SES',
    'ok DMARC: emails from example.com pass; p=reject of example.com',
  ]);
});

describe('DKIM', () => {
  it('says which records to publish', async () => {
    const cname = { ...good.cname, 'bbb._domainkey.example.com': 'elsewhere.example.net' };
    const lines = await look({ ...good, cname });
    expect(lines[0]).toBe(
      'wrong DKIM: 1 of 3 records of example.com are missing or point elsewhere. Publish:\n  CNAME bbb._domainkey.example.com bbb.dkim.amazonses.com',
    );
  });

  it('takes the key itself, which some providers answer in place of the CNAME', async () => {
    const txt = { 'bbb._domainkey.example.com': 'v=DKIM1; k=rsa; p=MIGfMA0GCSq' };
    const { 'bbb._domainkey.example.com': _, ...cname } = good.cname;
    expect((await look({ ...withTxt(txt), cname }))[0]).toContain('ok DKIM');
  });

  it('of a key of one’s own is a TXT record; one that was withdrawn is none', async () => {
    const own = { ...sending, dkim: { domain: 'example.com', tokens: ['mine'] } };
    const at = 'mine._domainkey.example.com';
    expect((await look(withTxt({ [at]: 'k=rsa; p=MIGfMA0GCSq' }), own))[0]).toContain('ok DKIM');
    expect((await look(withTxt({ [at]: 'v=DKIM1; p=' }), own))[0]).toContain(`wrong DKIM: 1 of 1`);
    expect((await look(withTxt({ [at]: 'v=DKIM1; p=' }), own))[0]).toContain(`TXT ${at}`);
  });
});

describe('SPF of the domain that bounces go to', () => {
  const spf = async (record: string | string[], more: Record<string, string> = {}) =>
    (await look(withTxt({ 'bounce.example.com': record, ...more }))).find((line) => line.includes(' SPF: '));

  it.each([
    [
      'is missing',
      'google-site-verification=1',
      'has no SPF record. Publish TXT bounce.example.com "v=spf1 include:amazonses.com ~all"',
    ],
    ['is there twice', ['v=spf1 include:amazonses.com ~all', 'v=spf1 mx -all'], 'has 2 SPF records, so none counts'],
    ['allows everybody', 'v=spf1 include:amazonses.com +all', 'allows every server'],
    ['allows everybody, in short', 'v=spf1 include:amazonses.com all', 'allows every server'],
    ['lacks SES', 'v=spf1 include:_spf.example.net ~all', 'does not include amazonses.com'],
    [
      'has an include that only looks like it',
      'v=spf1 include:amazonses.com.example.net ~all',
      'does not include amazonses.com',
    ],
  ])('that %s', async (_, record, says) => {
    expect(await spf(record)).toMatch(/^wrong SPF: bounce\.example\.com /);
    expect(await spf(record)).toContain(says);
  });

  it.each([
    'v=spf1 include:amazonses.com -all',
    'V=SPF1 +include:amazonses.com ?all',
    'v=spf1 ip4:192.0.2.1  include:AmazonSES.com ~all',
  ])('%s is right', async (record) => {
    expect(await spf(record)).toContain('ok SPF');
  });

  it('that needs more than ten lookups, those of its includes too', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [`s${at}.example.net`, `v=spf1 include:s${at + 1}.example.net -all`]),
    );
    expect(await spf('v=spf1 include:amazonses.com include:s4.example.net ~all', chain)).toContain('ok SPF');
    expect(await spf('v=spf1 include:amazonses.com include:s2.example.net ~all', chain)).toContain('more than 10');
    expect(await spf(`v=spf1 include:amazonses.com ${'a:x.example.net '.repeat(10)}~all`)).toContain('more than 10');
  });

  it('that includes itself ends', async () => {
    expect(await spf('v=spf1 include:amazonses.com include:bounce.example.com ~all')).toContain('ok SPF');
  });
});

describe('MX of the domain that bounces go to', () => {
  it.each([
    ['is missing', [], 'has no MX record'],
    ['is of another region', ['feedback-smtp.us-east-1.amazonses.com'], 'has the MX records feedback-smtp.us-east-1'],
    ['has others beside it', ['feedback-smtp.eu-central-1.amazonses.com', 'mx.example.com'], 'requires exactly one'],
  ])('that %s', async (_, hosts, says) => {
    const lines = await look({ ...good, mx: { 'bounce.example.com': hosts } });
    expect(lines[2]).toMatch(/^wrong bounces: /);
    expect(lines[2]).toContain(says);
    expect(lines[2]).toContain('MX bounce.example.com 10 feedback-smtp.eu-central-1.amazonses.com');
  });
});

describe('DMARC', () => {
  const dmarc = async (txt: Record<string, string | string[]>, domain: Partial<SendingDomain> = {}) => {
    const { '_dmarc.example.com': _, ...rest } = good.txt;
    const lines = await look({ ...good, txt: { ...rest, ...txt } }, { ...sending, ...domain });
    return lines.at(-1);
  };

  it('that is missing is a warning with what to publish', async () => {
    expect(await dmarc({})).toContain('warning DMARC: example.com has no DMARC record');
    expect(await dmarc({ '_dmarc.example.com': 'DMARC1; p=none' })).toContain('has no DMARC record');
  });

  it('that is there twice counts for nothing', async () => {
    const twice = ['v=DMARC1; p=none', 'v=DMARC1; p=reject'];
    expect(await dmarc({ '_dmarc.example.com': twice })).toContain('wrong DMARC: _dmarc.example.com has several');
    expect(await dmarc({ '_dmarc.example.com': ['v=DMARC1; p=none', 'verification=1'] })).toContain('ok DMARC');
  });

  it.each([
    ['v=DMARC1; p=none', 'p=none of example.com (receivers only report)'],
    ['v=DMARC1;rua=mailto:a@example.com', 'p=none of example.com (receivers only report)'],
    ['v=DMARC1; p=quarentine', 'p=none of example.com (receivers only report)'],
    ['v=DMARC1; p=reject; t=y', 'p=reject of example.com (t=y: only a test)'],
    ['v=DMARC1; p=quarantine; pct=20; ri=60', 'pct, ri: removed in RFC 9989 and ignored'],
    ['v = DMARC1 ; P = Reject', 'p=reject of example.com'],
  ])('%s', async (record, says) => {
    expect(await dmarc({ '_dmarc.example.com': record })).toContain('ok DMARC');
    expect(await dmarc({ '_dmarc.example.com': record })).toContain(says);
  });

  it('fails where neither DKIM nor SPF is aligned', async () => {
    const record = { '_dmarc.example.com': 'v=DMARC1; p=reject' };
    const neither = await lookAtDns({ from: 'example.com' }, dns({ txt: record }));
    expect(neither.at(-1)).toMatchObject({ level: 'wrong', says: expect.stringContaining('fail DMARC: neither') });
    expect(await dmarc(record, { mailFrom: undefined as never })).toContain('ok DMARC');
    const [none] = await lookAtDns({ from: 'example.com' }, dns({ txt: { '_dmarc.example.com': 'v=DMARC1; p=none' } }));
    expect(none?.level).toBe('warning');
  });

  it('with strict alignment wants the signature of the domain in From itself', async () => {
    const record = { '_dmarc.example.com': 'v=DMARC1; p=reject; adkim=s; aspf=s' };
    expect(await dmarc(record)).toContain('ok DMARC');
    expect(await dmarc(record, { from: 'news.example.com' })).toContain(
      'wrong DMARC: emails from news.example.com fail DMARC: neither DKIM nor SPF is aligned (adkim=s requires DKIM of news.example.com, not of example.com)',
    );
  });

  it('of a domain above holds for one without its own, with its policy for subdomains', async () => {
    const record = { '_dmarc.example.com': 'v=DMARC1; p=reject; sp=quarantine' };
    expect(await dmarc(record, { from: 'news.example.com' })).toContain('p=quarantine of example.com');
    expect(await dmarc(record)).toContain('p=reject of example.com');
  });
});

describe('the walk up the tree (RFC 9989, 4.10)', () => {
  const policyAt = async (domain: string, txt: Record<string, string>) => {
    const found = await findDmarc(domain, dns({ txt }));
    return typeof found === 'object' ? `${found.policy} of ${found.at}` : found;
  };

  it('asks at most eight names, and shortens a long one to seven labels', async () => {
    const resolver = dns({});
    await findDmarc('a.b.c.d.e.f.g.h.i.j.example.com', resolver);
    expect(resolver.asked).toEqual([
      '_dmarc.a.b.c.d.e.f.g.h.i.j.example.com',
      '_dmarc.f.g.h.i.j.example.com',
      '_dmarc.g.h.i.j.example.com',
      '_dmarc.h.i.j.example.com',
      '_dmarc.i.j.example.com',
      '_dmarc.j.example.com',
      '_dmarc.example.com',
      '_dmarc.com',
    ]);
  });

  it('ends at the organizational domain: the highest record, or the one that says so', async () => {
    const txt = {
      '_dmarc.dept.example.com': 'v=DMARC1; p=quarantine',
      '_dmarc.example.com': 'v=DMARC1; p=reject',
    };
    expect(await policyAt('dept.example.com', txt)).toBe('quarantine of dept.example.com');
    expect(await policyAt('news.dept.example.com', txt)).toBe('reject of example.com');
    const own = { ...txt, '_dmarc.dept.example.com': 'v=DMARC1; p=quarantine; psd=n' };
    expect(await policyAt('news.dept.example.com', own)).toBe('quarantine of dept.example.com');
  });

  it('goes up to a public suffix that has a policy', async () => {
    const txt = { '_dmarc.bank': 'v=DMARC1; p=reject; psd=y' };
    expect(await policyAt('example.bank', txt)).toBe('reject of bank');
    const both = { ...txt, '_dmarc.example.bank': 'v=DMARC1; p=none' };
    expect(await policyAt('mail.example.bank', both)).toBe('none of example.bank');
  });
});

it('DNS that does not answer is one warning, and nothing is claimed', async () => {
  for (const code of ['ETIMEOUT', 'ECONNREFUSED', 'ESERVFAIL']) {
    expect(await lookAtDns(sending, dns({}, code))).toEqual([
      {
        level: 'warning',
        about: 'DNS',
        says: `The records of example.com could not be looked up: the DNS resolver of this machine does not answer (${code}).`,
      },
    ]);
  }
});

it('by SMTP: SPF and MX of the domain in From; whether the relay signs is not known', async () => {
  const txt = { 'example.com': 'v=spf1 mx -all', '_dmarc.example.com': 'v=DMARC1; p=none' };
  const bySmtp = { from: 'example.com', bySmtp: true };
  expect(
    (await lookAtDns(bySmtp, dns({ txt, mx: { 'example.com': 'mx.example.com' } }))).map(({ level }) => level),
  ).toEqual(['ok', 'ok', 'ok']);
  const bare = await lookAtDns(bySmtp, dns({}));
  expect(bare.map(({ level, about }) => `${level} ${about}`)).toEqual([
    'wrong SPF',
    'warning bounces',
    'warning DMARC',
  ]);
});

it.each([
  [
    'Easy DKIM',
    { Tokens: ['a'], SigningEnabled: true, SigningAttributesOrigin: 'AWS_SES' },
    { tokens: ['a'], zone: 'dkim.amazonses.com' },
  ],
  [
    'Easy DKIM of a newer region',
    { Tokens: ['a'], SigningEnabled: true, SigningHostedZone: 'x.dkim.eu-south-1.amazonses.com' },
    { tokens: ['a'], zone: 'x.dkim.eu-south-1.amazonses.com' },
  ],
  [
    'a key of one’s own',
    { Tokens: ['mine'], SigningEnabled: true, SigningAttributesOrigin: 'EXTERNAL' },
    { tokens: ['mine'] },
  ],
] as const)('what SES says of an identity: %s', (_, DkimAttributes, dkim) => {
  const identity = { DkimAttributes: { ...DkimAttributes, Tokens: [...DkimAttributes.Tokens] } };
  const mailFrom = { MailFromAttributes: { MailFromDomain: 'bounce.example.com', MailFromDomainStatus: 'SUCCESS' } };
  expect(
    sendingDomainOf('News <news@mail.example.com>', 'example.com', { ...identity, ...(mailFrom as object) }, region),
  ).toEqual({
    from: 'mail.example.com',
    dkim: { domain: 'example.com', ...dkim },
    mailFrom: { domain: 'bounce.example.com', region },
  });
});
