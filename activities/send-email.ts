import type { Template } from '../templates/catalogue.ts';
import { checkStanding } from './check-consent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { claimBy, type Claim, compose, dispatch, ended } from './dispatch.ts';
import { afterEarlierAttempts } from './earlier-attempts.ts';
import { aboutOf, describe, type Send, type SendRequest, type SendResult, type WayIsFree } from './send.ts';
import { closedUntil } from './send-window.ts';
import { overtaken } from './settle.ts';
import { crowded, held, outOfQuota, waitForTurn } from './wait-for-turn.ts';

/** Sends one mail, at most once, and never blindly twice: design and reasons in ARCHITECTURE.md, "One email". */
export async function sendEmail(
  deps: ActivityDependencies,
  template: Template,
  request: SendRequest,
): Promise<SendResult> {
  const send = describe(deps, template, request, 'patiently');

  const way = await afterEarlierAttempts(deps, send, await deps.memory.sends.read(send.tag), 'patiently');
  if ('result' in way) return way.result;

  const until = await closedUntil(deps, send, request.journey);
  if (until !== undefined) return ended(deps, send, { outcome: 'deferred', until, version: template.version });

  await waitForTurn(deps, send);

  const standing = await checkStanding(deps.memory, template, request.event.user_id, deps.settings.consentModel);
  if (!standing.may) return ended(deps, send, { outcome: standing.why });

  const mail = compose(deps, send, standing.contact, request.event);
  return dispatch(deps, send, mail, { claim: await takeClaim(deps, send, way), way });
}

/** The last moment at which anything but the provider can stop a mail. */
async function takeClaim(deps: ActivityDependencies, send: Send, way: WayIsFree): Promise<Claim> {
  for (let waitedMs = 0; ;) {
    const claim = await claimBy(deps, send, (id) =>
      deps.memory.sends.claim(send.tag, id, send.terms, way, aboutOf(send)),
    );
    if ('id' in claim) return claim;
    switch (claim.kind) {
      case 'taken':
        throw overtaken();
      case 'stopped':
        throw await held(deps, send, claim.by);
      case 'no_quota':
        throw await outOfQuota(deps, send);
      case 'too_early':
        if (waitedMs + claim.waitMs > send.patienceMs) throw await crowded(deps, send);
        await deps.wait(claim.waitMs);
        waitedMs += claim.waitMs;
        break;
      default:
        claim satisfies never;
    }
  }
}
