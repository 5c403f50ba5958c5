import { badRequest } from './errors.ts';

export interface Mailbox {
  /** As written, quotes removed; empty when there is none. */
  name: string;
  address: string;
}

const LOCAL_PART = /^(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*|"(?:[^"\\]|\\.)+")$/;
const DOMAIN_LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * Reads `Ada <ada@example.com>` or a bare address by the rules of SES, which knows no SMTPUTF8.
 * @throws SesError BadRequestException in the words SES uses
 */
export function parseMailbox(text: string): Mailbox {
  const angled = /^(.*)<([^<>]*)>\s*$/s.exec(text);
  const name = (angled?.[1] ?? '').trim();
  const address = (angled?.[2] ?? text).trim();
  // Bytes that would end a header line must never reach one, whatever else is wrong.
  if (hasControl(text)) throw badRequest('Local address contains control or whitespace');
  if (!isAscii(name)) {
    throw badRequest(`Non-ASCII display name must be an RFC 2047 encoded word: ${JSON.stringify(name)}`);
  }
  if (!name.startsWith('"') && /[,;]/.test(name)) throw badRequest('Illegal semicolon, not in group');
  assertAddress(address);
  return { name: unquote(name), address };
}

function assertAddress(address: string): void {
  const at = address.lastIndexOf('@');
  if (at < 1 || at === address.length - 1) throw badRequest("Missing final '@domain'");
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  if (!isAscii(local)) throw badRequest('Local address contains non-ASCII characters; SES does not support SMTPUTF8');
  if (/\s/.test(local)) throw badRequest('Local address contains control or whitespace');
  if (local.length > 64) throw badRequest('Local address is longer than 64 characters');
  if (!LOCAL_PART.test(local)) throw badRequest('Local address contains illegal character');
  if (!isAscii(domain)) throw badRequest('Domain contains illegal character; write international domains in punycode');
  if (/\s/.test(domain)) throw badRequest('Domain contains control or whitespace');
  const labels = domain.split('.');
  if (domain.length > 253 || labels.length < 2) throw badRequest('Domain is not a fully qualified domain name');
  if (!labels.every((label) => DOMAIN_LABEL.test(label))) throw badRequest('Domain contains illegal character');
}

/** Splits an address header at the commas that are neither quoted nor inside angle brackets. */
export function splitAddressList(value: string): string[] {
  const list: string[] = [];
  let current = '';
  let quoted = false;
  let angled = false;
  let previous = '';
  for (const char of value) {
    if (char === '"' && previous !== '\\') quoted = !quoted;
    else if (!quoted && char === '<') angled = true;
    else if (!quoted && char === '>') angled = false;
    if (char === ',' && !quoted && !angled) {
      list.push(current);
      current = '';
    } else current += char;
    previous = char;
  }
  list.push(current);
  return list.map((entry) => entry.trim()).filter((entry) => entry !== '');
}

/** The address without display name, in the case it was written in. */
export function addressOf(text: string): string {
  return (/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text).trim();
}

/** The bare address, lower case: how recipients are compared everywhere in the stand-in. */
export function bareAddress(text: string): string {
  return addressOf(text).toLowerCase();
}

export function domainOf(text: string): string {
  const address = bareAddress(text);
  return address.slice(address.lastIndexOf('@') + 1);
}

export function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- the range is the definition of ASCII
  return /^[\u0000-\u007f]*$/.test(text);
}

export function hasControl(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text);
}

function unquote(name: string): string {
  return /^"(.*)"$/s.exec(name)?.[1]?.replace(/\\(.)/g, '$1') ?? name;
}
