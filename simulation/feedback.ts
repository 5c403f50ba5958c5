import { applyFeedback } from '../activities/apply-feedback.ts';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import type { RecipientFeedback } from '../events/recipient-feedback.ts';
import { judge } from '../workflows/recipient-policy.ts';
import type { Remembered } from './remembered.ts';
import type { SimulatedSettings } from './settings.ts';

const nobody = { inc() {} };
const metrics = { sends: nobody, duplicates: nobody, suppressions: nobody, recipientFacts: nobody };
const log = { info() {}, warn() {}, error() {} };

/**
 * What comes back about the person's address has the effects it has in the product: judged by the recipient workflow's own
 * policy, done by its own activity. `cancelRun` is asked where the policy ends a journey. False when no address is known.
 */
export async function takeFeedback(
  remembered: Remembered,
  settings: SimulatedSettings,
  feedback: RecipientFeedback,
  user: string,
  cancelRun: ActivityDependencies['cancelRun'],
): Promise<boolean> {
  const { memory } = remembered;
  const address = await memory.contacts.addressHashOf(user);
  if (address === undefined) return false;
  const judgement = judge(remembered.recipient, [feedback]);
  const deps = { memory, settings, metrics, log, cancelRun };
  // Its other dependencies are for sending, which no feedback does.
  await applyFeedback(deps as unknown as ActivityDependencies, address, judgement);
  return true;
}
