import { promises } from 'node:dns';

/** The DNS queries that are used. Tests provide their own. */
export interface DnsResolver {
  resolveTxt(name: string): Promise<string[][]>;
  resolveCname(name: string): Promise<string[]>;
  resolveMx(name: string): Promise<{ exchange: string; priority: number }[]>;
}

/** The resolver of this machine did not answer, so nothing is known about the records. */
export class DnsUnavailable extends Error {
  override readonly name = 'DnsUnavailable';
}

/** The resolver of this machine; a name server that does not answer costs at most four seconds. */
export function systemResolver(): DnsResolver {
  return new promises.Resolver({ timeout: 2_000, tries: 2 });
}

/** TXT records, each in one piece. Empty when there are none. */
export async function texts(resolver: DnsResolver, name: string): Promise<string[]> {
  return (await unlessMissing(() => resolver.resolveTxt(name))).map((parts) => parts.join(''));
}

export async function aliases(resolver: DnsResolver, name: string): Promise<string[]> {
  return (await unlessMissing(() => resolver.resolveCname(name))).map(normalised);
}

export async function exchanges(resolver: DnsResolver, name: string): Promise<string[]> {
  return (await unlessMissing(() => resolver.resolveMx(name))).map(({ exchange }) => normalised(exchange));
}

function normalised(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

async function unlessMissing<T>(ask: () => Promise<T[]>): Promise<T[]> {
  try {
    return await ask();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOTFOUND', 'ENODATA'].includes(code)) return [];
    throw new DnsUnavailable(code);
  }
}
