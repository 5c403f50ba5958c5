import { findDmarc, judgeDmarc } from './dns/dmarc.ts';
import { aliases, type DnsResolver, DnsUnavailable, exchanges, texts } from './dns/resolver.ts';
import { checkSpf } from './dns/spf.ts';
import type { Finding } from './doctor-finding.ts';

/** One domain that emails are from, and how they are sent. */
export interface SendingDomain {
  /** The domain in From. */
  from: string;
  /** How SES signs; undefined when emails are not signed, or by somebody else. */
  dkim?: {
    /** The domain that signs: that of From, or one above it. */
    domain: string;
    /** Of Easy DKIM: names of CNAME records. Of a key of one's own: the selector. */
    tokens: readonly string[];
    /** Where the CNAME records lead. Undefined for a key of one's own. */
    zone?: string;
  };
  /** The custom MAIL FROM domain in SES, and the region that its MX record names. */
  mailFrom?: { domain: string; region: string };
  /** By SMTP, bounces go to the domain of From. */
  bySmtp?: boolean;
}

/** What DNS says about a domain: DKIM, SPF, MX of the domain that bounces go to, DMARC. */
export async function lookAtDns(sending: SendingDomain, resolver: DnsResolver): Promise<Finding[]> {
  try {
    const { from, mailFrom, bySmtp = false } = sending;
    const dkim = await checkDkim(sending, resolver);
    const bounces = bySmtp ? from : mailFrom?.domain;
    const spf =
      bounces === undefined ? undefined : await checkSpf(bounces, bySmtp ? undefined : 'amazonses.com', resolver);
    const mx = await checkMx(sending, resolver);
    const alignment = {
      from,
      dkim: dkim.some(({ level }) => level !== 'ok') ? undefined : sending.dkim?.domain,
      spf: spf?.level === 'ok' ? bounces : undefined,
    };
    // Whether an SMTP relay signs is known to the relay alone.
    const policy = judgeDmarc(await findDmarc(from, resolver), bySmtp ? { ...alignment, dkim: from } : alignment);
    return [...dkim, ...(spf ? [spf] : []), ...mx, policy];
  } catch (error) {
    if (!(error instanceof DnsUnavailable)) throw error;
    const says = `The records of ${sending.from} could not be looked up: the DNS resolver of this machine does not answer (${error.message}).`;
    return [{ level: 'warning', about: 'DNS', says }];
  }
}

async function checkDkim({ dkim }: SendingDomain, resolver: DnsResolver): Promise<Finding[]> {
  if (dkim === undefined || dkim.tokens.length === 0) return [];
  const { domain, tokens, zone } = dkim;
  const about = 'DKIM';
  const missing: string[] = [];
  for (const token of tokens) {
    const name = `${token}._domainkey.${domain}`;
    // Some DNS providers answer the key itself in place of the CNAME.
    const hasKey = async () => (await texts(resolver, name)).some((text) => /(^|;)\s*p=[A-Za-z0-9+/]/.test(text));
    const isThere =
      (zone !== undefined && (await aliases(resolver, name)).includes(`${token}.${zone}`)) || (await hasKey());
    if (!isThere) missing.push(zone === undefined ? `TXT ${name}` : `CNAME ${name} ${token}.${zone}`);
  }
  if (missing.length === 0) return [{ level: 'ok', about, says: `the records of ${domain} are published` }];
  const says = `${missing.length} of ${tokens.length} records of ${domain} are missing or point elsewhere. Publish:\n  ${missing.join('\n  ')}`;
  return [{ level: 'wrong', about, says }];
}

async function checkMx({ from, mailFrom, bySmtp }: SendingDomain, resolver: DnsResolver): Promise<Finding[]> {
  const about = 'bounces';
  if (bySmtp) {
    const hosts = await exchanges(resolver, from);
    if (hosts.length > 0) return [{ level: 'ok', about, says: `go to ${from}, which has an MX record` }];
    return [
      { level: 'warning', about, says: `${from} has no MX record, so bounces and replies are lost. Publish one.` },
    ];
  }
  if (mailFrom === undefined) return [];
  const { domain, region } = mailFrom;
  const wanted = `feedback-smtp.${region}.amazonses.com`;
  const hosts = await exchanges(resolver, domain);
  if (hosts.length === 1 && hosts[0] === wanted)
    return [{ level: 'ok', about, says: `go to ${domain}, whose MX is SES` }];
  const now = hosts.length === 0 ? 'no MX record' : `the MX records ${hosts.join(', ')}`;
  const says = `${domain} has ${now}; SES requires exactly one: MX ${domain} 10 ${wanted}.`;
  return [{ level: 'wrong', about, says }];
}
