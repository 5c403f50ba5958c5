import type { Store } from './store.ts';

/**
 * Before somebody gets an address of `at` (Unix ms), records for them what others who have it have opted out of: one inbox belongs to one
 * human being. Their own consent counts only if it was stated later. Nothing where they have a newer address already.
 */
export async function takeOverOptOuts(
  { contacts, consents, addressHashes }: Pick<Store, 'contacts' | 'consents' | 'addressHashes'>,
  userId: string,
  address: string,
  at: number,
): Promise<void> {
  const optOuts = await consents.optedOutAt(addressHashes(address), userId);
  if (optOuts.length === 0) return;
  const { email: since = -Infinity } = (await contacts.dated(userId)).writtenAt;
  if (since > at) return;
  for (const { id, topic, captured_at } of optOuts) {
    const consent = { topics: [topic], source: 'address', captured_at };
    await consents.record(userId, { id: `address/${id}`, state: 'revoked', consent, at: captured_at });
  }
}
