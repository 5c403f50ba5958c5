import { randomUUID } from 'node:crypto';

import type { Contact } from '../events/person.ts';
import type { Event } from '../events/index.ts';
import { messageKey, messageTag } from '../state/keys.ts';
import type { SendRecord } from '../state/sends.ts';
import { stopsBefore } from '../state/stops.ts';
import type { Template } from '../templates/catalogue.ts';
import { afterFailure } from './after-failure.ts';
import { checkStanding, type Undeliverable } from './check-consent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type FailureType, MailerError, neverAgain, tryAgainIn } from './failures.ts';
import type { Mail } from './mailers/mailer.ts';
import { renderFor } from './render-email.ts';
import { patienceMs, type Send, type Way, type WayIsFree } from './send.ts';
import { closedUntil } from './send-window.ts';
import { overtaken, settle } from './settle.ts';
import { linksFor, unsubscribeHeaders } from './unsubscribe-headers.ts';
import { crowded, held, outOfQuota, waitForTurn } from './wait-for-turn.ts';

export interface SendRequest {
  event: Event;
  template: string;
  /** The version of the template that the mail has begun with; without it, the live one. */
  version?: string;
  /** Tells two sends of one template by one journey apart. */
  key?: string;
  /** The journey that sends it, so that it can be paused by name. */
  journey?: string;
  /** When the journey asked for it, Unix ms; without it, when the event happened. */
  since?: number;
  /** What the try in the workflow turn was told to wait for: the first attempt on the queue waits for it. */
  wait?: Wait;
}

/** A wait of a known length, in the words of the failure that stands for it. */
export interface Wait {
  ms: number;
  type: FailureType;
  message: string;
}

/**
 * How a send ended. `unknown`: it may have left, nothing told us, and a marketing mail is not sent twice. `deferred`: not
 * at this hour; ask again at `until`.
 */
export interface SendResult {
  outcome: 'sent' | 'unknown' | 'deferred' | Undeliverable;
  /** Of what is deferred: from then on it may leave. Unix ms. */
  until?: number;
  /** The provider's id; absent when the answer was lost. */
  message_id?: string;
  version?: string;
  /** Sent again after an answer was lost and the event feed was silent. */
  possible_duplicate?: true;
}

/**
 * Sends one mail, at most once, and never blindly twice: design and reasons in ARCHITECTURE.md, "One email". At once, it
 * leaves to the queue what must wait, and an attempt of which nobody knows whether it sent.
 */
export async function sendEmail(
  deps: ActivityDependencies,
  template: Template,
  request: SendRequest,
  way: Way = 'patiently',
): Promise<SendResult> {
  const send = describe(deps, template, request, way);

  const earlier = await settleEarlierAttempts(deps, send, way);
  if ('result' in earlier) return earlier.result;

  const until = await closedUntil(deps, send, request.journey);
  if (until !== undefined) return ended(deps, send, { outcome: 'deferred', until, version: template.version });

  await waitForTurn(deps, send);

  const standing = await checkStanding(deps.memory, template, request.event.user_id, deps.settings.consentModel);
  if (!standing.may) return ended(deps, send, { outcome: standing.why });

  return dispatch(deps, send, compose(deps, send, standing.contact, request.event), earlier);
}

function describe({ settings }: ActivityDependencies, template: Template, request: SendRequest, way: Way): Send {
  const key = messageKey(request.event.event_id, template.name, request.key);
  const { from, configurationSet } = settings;
  const { since = request.event.timestamp } = request;
  const stops = stopsBefore({ from, configurationSet, journey: request.journey, topic: template.topic });
  const { user_id: user } = request.event;
  const terms = { lane: template.class, since, stops };
  return { key, tag: messageTag(key), template, user, terms, patienceMs: patienceMs[way] };
}

async function settleEarlierAttempts(
  deps: ActivityDependencies,
  send: Send,
  way: Way,
): Promise<WayIsFree | { result: SendResult }> {
  const record = await deps.memory.sends.read(send.tag);
  if (!record) return { failures: 0 };
  switch (record.state) {
    case 'accepted':
      return { result: sentBefore(record) };
    case 'unknown':
      return { result: { outcome: 'unknown' } };
    case 'refused':
      throw neverAgain('MailRefused', record.detail ?? 'the provider refused this mail');
    case 'released':
      return { failures: record.failures };
    case 'dispatching': {
      if (way === 'at_once') throw tryAgainIn(1, 'Settling', 'an earlier attempt may have sent it');
      const settled = await settle(deps, send, record);
      return settled === 'unknown' ? { result: ended(deps, send, { outcome: 'unknown' }) } : settled;
    }
    default:
      throw unreadable(deps, send, record.state satisfies never);
  }
}

/** Another version wrote it. Whatever it means, sending would be blind: it waits for a worker that can read it. */
function unreadable({ log, settings }: ActivityDependencies, send: Send, state: string): Error {
  log.error({ message_key: send.key, state }, 'the ledger says what this version does not know');
  return tryAgainIn(
    settings.probeEveryMs,
    'LedgerUnreadable',
    `the ledger says "${state}", which this version does not know`,
  );
}

function compose(
  deps: ActivityDependencies,
  { template, tag }: Send,
  contact: Contact & { email: string },
  event: Event,
): Mail {
  const { from } = deps.settings;
  const links = linksFor(deps.links, template, event, tag);
  const { html, text, subject } = renderFor(template, contact, event.payload, links);
  const headers = unsubscribeHeaders(template, links.unsubscribe, deps.settings);
  return { from, to: contact.email, subject, html, text, headers, tag };
}

async function dispatch(deps: ActivityDependencies, send: Send, mail: Mail, way: WayIsFree): Promise<SendResult> {
  const claim = await takeClaim(deps, send, way);
  try {
    return await accepted(deps, send, way, await deps.mailer.send(mail, claim.stillMine));
  } catch (error) {
    if (!(error instanceof MailerError)) throw error;
    const { failure, message } = error;
    deps.log.warn({ message_key: send.key, failure: failure.kind, detail: message }, 'send failed');
    if (failure.kind === 'accepted_id_unknown') return accepted(deps, send, way, '');
    throw await afterFailure(deps, send, claim.id, { failure, message });
  }
}

interface Claim {
  id: string;
  /** Throws when another attempt has overtaken this one. */
  stillMine: () => Promise<void>;
}

/** The last moment at which anything but the provider can stop a mail. */
async function takeClaim(deps: ActivityDependencies, send: Send, way: WayIsFree): Promise<Claim> {
  const id = randomUUID();
  const { name, topic } = send.template;
  const about = { user: send.user, template: name, ...(topic !== undefined && { topic }) };
  for (let waitedMs = 0; ;) {
    const fresh = freshness();
    const claimed = await deps.memory.sends.claim(send.tag, id, send.terms, way, about);
    switch (claimed.kind) {
      case 'claimed':
        return { id, stillMine: () => renewWhileStale(deps, send, id, fresh) };
      case 'taken':
        throw overtaken();
      case 'stopped':
        throw await held(deps, send, claimed.by);
      case 'no_quota':
        throw await outOfQuota(deps, send);
      case 'too_early':
        if (waitedMs + claimed.waitMs > send.patienceMs) throw await crowded(deps, send);
        await deps.wait(claimed.waitMs);
        waitedMs += claimed.waitMs;
        break;
      default:
        claimed satisfies never;
    }
  }
}

/**
 * A process that stood still between its claim and the call may have been given up meanwhile, and the mail sent by another:
 * a claim older than a second is renewed, as often as that takes longer than a second itself. From there on the request's
 * own time-out runs, which is shorter than the time after which anybody else would send.
 */
async function renewWhileStale(
  deps: ActivityDependencies,
  send: Send,
  claim: string,
  stale: () => boolean,
): Promise<void> {
  while (stale()) {
    const again = freshness();
    if (!(await deps.memory.sends.renew(send.tag, claim))) throw overtaken();
    stale = again;
  }
}

/** Says whether a second has passed, by the clock that stands still when the machine sleeps or by the one that jumps. */
function freshness(): () => boolean {
  const [ticks, time] = [performance.now(), Date.now()];
  return () => performance.now() - ticks > 1_000 || Math.abs(Date.now() - time) > 1_000;
}

async function accepted(deps: ActivityDependencies, send: Send, way: WayIsFree, id: string): Promise<SendResult> {
  try {
    if ((await deps.memory.sends.accept(send.tag, id)) === 'again') {
      deps.metrics.duplicates.inc();
      deps.log.error({ message_key: send.key, message_id: id }, 'the provider has taken this mail twice');
    }
  } catch (error) {
    // Temporal records the result that is returned here, and the event feed brings it to the ledger.
    deps.log.warn({ message_key: send.key, err: error }, 'accepted, but the ledger could not be told');
  }
  return ended(deps, send, {
    outcome: 'sent',
    ...(id && { message_id: id }),
    version: send.template.version,
    ...(way.possibleDuplicate && { possible_duplicate: true }),
  });
}

function sentBefore(record: SendRecord): SendResult {
  return {
    outcome: 'sent',
    ...(record.providerId && { message_id: record.providerId }),
    ...(record.sentAgain && { possible_duplicate: true }),
  };
}

function ended(deps: ActivityDependencies, send: Send, result: SendResult): SendResult {
  deps.metrics.sends.inc({ template: send.template.name, outcome: result.outcome });
  deps.log.info({ message_key: send.key, ...result }, 'send ended');
  return result;
}
