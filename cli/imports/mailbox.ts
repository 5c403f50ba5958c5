/** Splits a mailbox such as `Ada Lovelace <ada@example.com>` into its parts; text without brackets is an address. */
export function mailboxIn(text: string): { address: string; name?: string } {
  const found = /^([^<>]*)<([^<>]*)>$/.exec(text.trim());
  if (!found) return { address: text.trim() };
  const [, before = '', address = ''] = found;
  const name = before
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .trim();
  return { address: address.trim(), ...(name !== '' && { name }) };
}
