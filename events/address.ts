import { domainToASCII } from 'node:url';

import addresses from 'email-addresses';

/** An address, and the name beside it in `Ada Lovelace <ada@example.com>`. */
export interface Mailbox {
  /** ASCII: the domain in lower case and in punycode, the part before the @ as it was written. */
  address: string;
  /** Without the quotes around it, in whichever characters it was written. */
  name?: string;
}

/** In characters: lengths are looked at before anything else reads a text. */
const longestText = 1_000;
const longestAddress = 254;

/** RFC 5321. SES has no SMTPUTF8, so nothing but ASCII may stand before the @. */
const dotAtom = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;

/** What is written in quotes because of its dots and spaces alone: `"john..doe"`. In use, and no risk in a header. */
const quotedAtoms = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~. -]+$/;

const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/**
 * Reads one address as SES can mail it, alone or with a name. Undefined when it is none, when there are several, when it holds a line break,
 * or when its domain is a number or has no dot.
 */
export function readMailbox(text: string): Mailbox | undefined {
  const trimmed = text.trim();
  // oxlint-disable-next-line no-control-regex -- a header would end there
  if (trimmed.length > longestText || /[\u0000-\u001f\u007f]/.test(trimmed)) return undefined;
  const parsed = addresses.parseOneAddress({ input: trimmed, oneResult: true });
  if (parsed?.type !== 'mailbox') return undefined;
  const local = localPart(parsed.local);
  const domain = domainToASCII(parsed.domain);
  const address = `${local}@${domain}`;
  if (local === undefined || !isDomain(domain) || address.length > longestAddress) return undefined;
  return { address, ...(parsed.name && { name: parsed.name }) };
}

/** The mailbox of a From header. What cannot be read counts as an address: the configuration refuses it. */
export function mailboxOf(header: string): Mailbox {
  return readMailbox(header) ?? { address: header.trim() };
}

/** As a header has it: `Ada <ada@example.com>`, with quotes around a name that needs them. */
export function mailboxText({ address, name }: Mailbox): string {
  if (name === undefined) return address;
  const quoted = /["\\(),.:;<>@[\]]/.test(name) ? `"${name.replaceAll(/["\\]/g, '\\$&')}"` : name;
  return `${quoted} <${address}>`;
}

function localPart(local: string): string | undefined {
  if (local.length > 64) return undefined;
  if (dotAtom.test(local)) return local;
  return quotedAtoms.test(local) ? `"${local}"` : undefined;
}

function isDomain(domain: string): boolean {
  const labels = domain.split('.');
  return (
    domain.length <= 253 && labels.length > 1 && labels.every((one) => label.test(one)) && !/^\d+$/.test(labels.at(-1)!)
  );
}
