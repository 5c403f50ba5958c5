import type { Template } from '../templates/catalogue.ts';
import { checkConsent } from './check-consent.ts';
import { claimEmail, refuseWhileHeld } from './claim-email.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { afterEarlierAttempts } from './earlier-attempts.ts';
import { defer, endUnrendered, endUnsent } from './end-unsent.ts';
import { handOver } from './hand-over.ts';
import { composeEmail } from './render-email.ts';
import { type Attempt, describe, type SendRequest, type SendResult } from './send.ts';
import { sendWindow } from './send-window.ts';
import { takeSlot } from './take-slot.ts';

/**
 * Sends one email, at most once, and never blindly twice. Design and reasons: ARCHITECTURE.md, "One email". Inline and queued
 * attempts both run it; what has to wait longer than the attempt's patience is thrown as a typed wait.
 */
export async function sendEmail(
  deps: ActivityDependencies,
  template: Template,
  request: SendRequest,
  attempt: Attempt,
): Promise<SendResult> {
  const send = describe(deps, template, request, attempt);

  const snapshot = await deps.store.sends.look(send);
  const earlier = await afterEarlierAttempts(deps, send, snapshot.record);
  if ('result' in earlier) return earlier.result;

  const window = await sendWindow(deps, send, snapshot.contact.time_zone);
  if (!window.open) return defer(deps, send, window.until);

  const eligible = checkConsent(deps, send, snapshot);
  if (!eligible.may) return endUnsent(deps, send, earlier, eligible.why);

  await refuseWhileHeld(deps, send, snapshot.stoppedBy);
  const email = await composeEmail(deps, send, eligible.contact, request.event, snapshot.personal).catch(
    (error: unknown) => endUnrendered(deps, send, earlier, error),
  );
  const slotHasPassed = await takeSlot(deps, send);
  const claim = await claimEmail(deps, send, snapshot.seen, earlier, slotHasPassed);
  return handOver(deps, send, email, claim);
}
