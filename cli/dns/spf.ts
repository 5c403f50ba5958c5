import type { Finding } from '../doctor-finding.ts';
import { type DnsResolver, texts } from './resolver.ts';

/** RFC 7208, 4.6.4: a record that needs more DNS queries is a permanent error, and the check does not pass. */
const mostLookups = 10;

/** The SPF record of the domain that bounces go to. `include`: what the provider asks for, such as `amazonses.com`. */
export async function checkSpf(domain: string, include: string | undefined, resolver: DnsResolver): Promise<Finding> {
  const about = 'SPF';
  const records = (await texts(resolver, domain)).filter(isSpf);
  const [record] = records;
  const wanted = `"v=spf1 ${include === undefined ? '…' : `include:${include}`} ~all"`;
  if (record === undefined) {
    return { level: 'wrong', about, says: `${domain} has no SPF record. Publish TXT ${domain} ${wanted}.` };
  }
  if (records.length > 1) {
    return { level: 'wrong', about, says: `${domain} has ${records.length} SPF records, so none counts. Keep one.` };
  }
  const terms = termsOf(record);
  if (terms.some((term) => /^\+?all$/.test(term))) {
    return { level: 'wrong', about, says: `${domain} allows every server (+all). End the record with ~all or -all.` };
  }
  if (include !== undefined && !terms.some((term) => term.replace(/^\+/, '') === `include:${include}`)) {
    return {
      level: 'wrong',
      about,
      says: `${domain} does not include ${include}: add include:${include} to its record.`,
    };
  }
  const lookups = await countLookups(terms, resolver, new Set([domain]));
  if (lookups > mostLookups) {
    const says = `${domain} needs more than ${mostLookups} DNS lookups, so SPF fails. Remove includes that are not used.`;
    return { level: 'wrong', about, says };
  }
  return { level: 'ok', about, says: `${domain} has a valid record` };
}

function isSpf(text: string): boolean {
  return /^v=spf1( |$)/i.test(text);
}

function termsOf(record: string): string[] {
  return record.toLowerCase().split(/ +/).slice(1).filter(Boolean);
}

/** Stops counting when there are too many. */
async function countLookups(terms: readonly string[], resolver: DnsResolver, seen: Set<string>): Promise<number> {
  let count = 0;
  for (const term of terms) {
    if (count > mostLookups) return count;
    const [, mechanism = '', target = ''] =
      /^[+\-~?]?(include|redirect|a|mx|ptr|exists)(?:[:=]([^/]+))?(?:\/|$)/.exec(term) ?? [];
    if (mechanism === '') continue;
    count += 1;
    const leadsOn = (mechanism === 'include' || mechanism === 'redirect') && !target.includes('%') && !seen.has(target);
    if (!leadsOn) continue;
    seen.add(target);
    const [record = ''] = (await texts(resolver, target)).filter(isSpf);
    count += await countLookups(termsOf(record), resolver, seen);
  }
  return count;
}
