import type { Finding } from '../doctor-finding.ts';
import { type DnsResolver, texts } from './resolver.ts';

/** A DMARC policy (RFC 9989) as it holds for one domain. */
export interface DmarcPolicy {
  /** Where the record is: the domain itself, or one above it. */
  at: string;
  policy: 'none' | 'quarantine' | 'reject';
  /** Whether the domain in DKIM, and that of bounces, must equal the one in From. */
  strictDkim: boolean;
  strictSpf: boolean;
  /** `t=y`: receivers apply the next weaker policy. */
  testing: boolean;
  /** Tags that RFC 9989 has removed. */
  obsolete: readonly string[];
}

type Tags = Readonly<Record<string, string>>;

/** RFC 9989, 4.10: no more names than this are asked about. */
const mostNames = 8;

/**
 * The policy for emails from `domain`: of its own record, else of the organizational domain that a walk up the DNS tree finds. Undefined
 * when there is none. `'ambiguous'` when the domain itself has several records, of which none counts.
 */
export async function findDmarc(domain: string, resolver: DnsResolver): Promise<DmarcPolicy | 'ambiguous' | undefined> {
  const found: { at: string; tags: Tags }[] = [];
  for (const at of namesUp(domain)) {
    const records = (await texts(resolver, `_dmarc.${at}`)).map(tagsOf).filter((tags) => tags !== undefined);
    if (at === domain && records.length > 1) return 'ambiguous';
    const [tags] = records;
    if (tags === undefined || records.length > 1) continue;
    if (at === domain) return policyOf(at, tags, tags['p']);
    found.push({ at, tags });
    // `n`: this is an organizational domain; `y`: a public suffix, whose record holds for domains without one of their own.
    if (tags['psd'] === 'n' || tags['psd'] === 'y') break;
  }
  const organization = found.findLast(({ tags }) => tags['psd'] !== 'y') ?? found.at(-1);
  return (
    organization && policyOf(organization.at, organization.tags, organization.tags['sp'] ?? organization.tags['p'])
  );
}

/** The domain, then those above it. A long name is shortened to seven labels after the first. */
function namesUp(domain: string): string[] {
  const labels = domain.split('.');
  const above = labels.length > mostNames ? labels.slice(1 - mostNames) : labels.slice(1);
  return [domain, ...above.map((_, from) => above.slice(from).join('.'))];
}

/** Undefined for a text that is no DMARC record: the version comes first, and to the letter. */
function tagsOf(text: string): Tags | undefined {
  if (!/^v\s*=\s*DMARC1\s*(;|$)/.test(text)) return undefined;
  const pairs = text.split(';').map((pair) => pair.split('=', 2).map((part) => part.trim()));
  return Object.fromEntries(
    pairs.filter(([name]) => name).map(([name = '', value = '']) => [name.toLowerCase(), value.toLowerCase()]),
  );
}

function policyOf(at: string, tags: Tags, policy: string | undefined): DmarcPolicy {
  return {
    at,
    policy: policy === 'quarantine' || policy === 'reject' ? policy : 'none', // anything else counts as none
    strictDkim: tags['adkim'] === 's',
    strictSpf: tags['aspf'] === 's',
    testing: tags['t'] === 'y',
    obsolete: ['pct', 'rf', 'ri'].filter((tag) => tag in tags),
  };
}

export interface Alignment {
  /** The domain in From. */
  from: string;
  /** The domain that signs with DKIM; undefined when nothing does. */
  dkim: string | undefined;
  /** The domain that bounces go to, when it is one of ours and SPF passes for it. */
  spf: string | undefined;
}

/** Whether emails pass DMARC, and what receivers do otherwise. The signing domain is that of From, or one above it. */
export function judgeDmarc(found: DmarcPolicy | 'ambiguous' | undefined, { from, dkim, spf }: Alignment): Finding {
  const about = 'DMARC';
  if (found === undefined) {
    const says = `${from} has no DMARC record, which Gmail and Yahoo require of bulk senders. Publish TXT _dmarc.${from} "v=DMARC1; p=none; rua=mailto:you@your.domain".`;
    return { level: 'warning', about, says };
  }
  if (found === 'ambiguous') {
    return { level: 'wrong', about, says: `_dmarc.${from} has several DMARC records, so none counts. Keep one.` };
  }
  const aligned = (strict: boolean, domain: string | undefined) => domain !== undefined && (domain === from || !strict);
  const { at, policy, testing, obsolete } = found;
  if (!aligned(found.strictDkim, dkim) && !aligned(found.strictSpf, spf)) {
    const strict = found.strictDkim && dkim !== undefined ? ` (adkim=s requires DKIM of ${from}, not of ${dkim})` : '';
    const says = `emails from ${from} fail DMARC: neither DKIM nor SPF is aligned${strict}. Receivers are asked to apply p=${policy} of ${at}.`;
    return { level: policy === 'none' ? 'warning' : 'wrong', about, says };
  }
  const rest = [
    ...(policy === 'none' ? ['receivers only report'] : []),
    ...(testing ? ['t=y: only a test'] : []),
    ...(obsolete.length > 0 ? [`${obsolete.join(', ')}: removed in RFC 9989 and ignored`] : []),
  ];
  const says = `emails from ${from} pass; p=${policy} of ${at}${rest.length > 0 ? ` (${rest.join('; ')})` : ''}`;
  return { level: 'ok', about, says };
}
