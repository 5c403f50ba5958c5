import { StartError } from './stop-signal.ts';
import type { Tokens } from './tokens.ts';

/** The links of mails: each carries in itself whose it is and what it may do. */
export interface Links {
  /** For the List-Unsubscribe header and the foot of a mail. `mail` is the message tag, `address` the keyed hash of whom it goes to. */
  unsubscribe(user: string, topic: string, mail: string, address?: string): string;
  preferences(user: string, mail?: string, address?: string): string;
  /** For whoever asked to be subscribed, by the event `event`, and has yet to confirm it at this address (its keyed hash). */
  confirm(user: string, event: string, address: string): string;
}

/** What SES takes as the value of a header. */
const longestHeaderValue = 995;

/**
 * `publicUrl` may have a path; the pages then stand under it. Throws when the link for the longest user id there can be, to
 * one of `topics`, would not fit into a header: better now than mail by mail.
 */
export function createLinks({
  publicUrl,
  tokens,
  topics = [],
  unsubscribeMailto,
}: {
  publicUrl: string;
  tokens: Pick<Tokens, 'sign'>;
  topics?: readonly string[];
  unsubscribeMailto?: string | undefined;
}): Links {
  const { origin, pathname } = new URL(publicUrl);
  const base = `${origin}${pathname.replace(/\/+$/, '')}`;
  const links: Links = {
    unsubscribe(user, topic, mail, address) {
      const claims = { user, action: 'unsubscribe' as const, topic, mail, ...(address !== undefined && { address }) };
      const url = `${base}/u/${tokens.sign(claims)}`;
      const beside = unsubscribeMailto === undefined ? '' : `, <${unsubscribeByMail(unsubscribeMailto, mail)}>`;
      refuseTooLong(`<${url}>${beside}`, topic);
      return url;
    },
    preferences: (user, mail, address) => {
      const about = { ...(mail !== undefined && { mail }), ...(address !== undefined && { address }) };
      return `${base}/preferences/${tokens.sign({ user, action: 'preferences', ...about })}`;
    },
    confirm: (user, event, address) =>
      `${base}/preferences/${tokens.sign({ user, action: 'confirm', event, address })}`,
  };
  for (const topic of topics) links.unsubscribe('"'.repeat(128), topic, 'm'.repeat(43), 'h'.repeat(32));
  return links;
}

/** RFC 2369: a mail that asks to be left alone. `mail`: the message tag, which says to whom. */
export function unsubscribeByMail(address: string, mail: string): string {
  return `mailto:${encodeURI(address)}?subject=unsubscribe%20${mail}`;
}

function refuseTooLong(value: string, topic: string): void {
  if (value.length <= longestHeaderValue) return;
  throw new StartError(
    `A List-Unsubscribe header for the topic "${topic}" would have ${value.length} characters, and SES takes at most ` +
      `${longestHeaderValue}: shorten PUBLIC_URL, the name of the topic or links.unsubscribe_mailto.`,
  );
}
