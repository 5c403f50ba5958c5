import { bareAddress } from './addresses.ts';
import type { SuppressionList } from './suppression-list.ts';

/** What becomes of a mail to one recipient. */
export type Fate = 'delivered' | 'bounced' | 'complained' | 'suppressed' | 'on-account-suppression-list';

const SIMULATED: Record<string, Fate> = {
  success: 'delivered',
  bounce: 'bounced',
  complaint: 'complained',
  suppressionlist: 'suppressed',
  // Delivered, then answered by an out-of-office mail, which would go to the sender and not to the event feed.
  ooto: 'delivered',
};

/** The fate that the SES mailbox simulator, or else the account's own suppression list, gives an address. */
export function decideFate(recipient: string, suppressionList: SuppressionList): Fate {
  const address = bareAddress(recipient);
  const simulated = /^([a-z]+)(?:\+[^@]*)?@simulator\.amazonses\.com$/.exec(address)?.[1];
  if (simulated !== undefined && simulated in SIMULATED) return SIMULATED[simulated] ?? 'delivered';
  return suppressionList.has(address) ? 'on-account-suppression-list' : 'delivered';
}
