import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Contact } from '../events/person.ts';
import type { Event } from '../events/index.ts';
import { messageKey, messageTag } from '../state/keys.ts';
import type { SendRecord } from '../state/sends.ts';
import type { Template } from '../templates/catalogue.ts';
import { checkStanding, type Undeliverable } from './check-consent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { MailerError, neverAgain, type SendFailure, tryAgainIn } from './failures.ts';
import { renderFor } from './render-email.ts';

export interface SendRequest {
  event: Event;
  template: string;
  /** Tells two sends of one template by one journey apart. */
  key?: string;
}

/** How a send ended. `unknown`: it may have left, nothing told us, and a marketing mail is not sent twice. */
export interface SendResult {
  outcome: 'sent' | 'unknown' | Undeliverable;
  /** The provider's id; absent when the answer was lost. */
  message_id?: string;
  version?: string;
  /** Sent again after an answer was lost and the event feed was silent. */
  possible_duplicate?: true;
}

/** Waits up to this long for a slot are spent here; longer ones give the worker's place back. */
const soonMs = 1_000;

/** A claim older than this when the call is about to be made is read again: the process may have been frozen. */
const staleClaimMs = 1_000;

/** Sends one mail, at most once, and never blindly twice: design and reasons in ARCHITECTURE.md, "One email". */
export async function sendEmail(
  deps: ActivityDependencies,
  template: Template,
  request: SendRequest,
): Promise<SendResult> {
  const key = messageKey(request.event.event_id, template.name, request.key);
  const send: Send = { key, tag: messageTag(key), template, request };

  const earlier = await settleEarlierAttempts(deps, send);
  if ('result' in earlier) return earlier.result;

  const standing = await checkStanding(deps.memory, template, request.event.user_id, deps.settings.consentNeeded);
  if (!standing.may) return ended(deps, send, { outcome: standing.why });

  await waitForSlot(deps, send, earlier.failures);
  return dispatch(deps, send, standing.contact, earlier);
}

interface Send {
  key: string;
  tag: string;
  template: Template;
  request: SendRequest;
}

/** What an earlier attempt left behind, once it is known not to stand in the way. */
interface WayIsFree {
  failures: number;
  /** The dead attempt whose claim is taken over. */
  over?: string;
  possibleDuplicate?: true;
}

async function settleEarlierAttempts(
  deps: ActivityDependencies,
  send: Send,
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
    case 'dispatching':
      return settle(deps, send, record);
    default:
      return record.state satisfies never;
  }
}

/**
 * An attempt died between its claim and the provider's answer. The event feed tells whether the mail left: if it did, its
 * record says accepted by now; if the feed has told of a later mail but not of this one, it did not.
 */
async function settle(
  deps: ActivityDependencies,
  send: Send,
  record: SendRecord,
): Promise<WayIsFree | { result: SendResult }> {
  const { settleAfterMs } = deps.settings;
  const remaining = settleAfterMs - record.ageMs;
  if (remaining > 0) {
    const look = Math.min(remaining, Math.max(1_000, settleAfterMs / 12));
    throw tryAgainIn(
      look,
      'Settling',
      `an earlier attempt may have sent this; asking the event feed for up to ${settleAfterMs} ms`,
    );
  }
  if (await deps.memory.sends.feedHasPassed(record.dispatchedAt))
    return { failures: record.failures, over: record.claim };
  if (send.template.class === 'transactional' && !record.sentAgain) {
    return { failures: record.failures, over: record.claim, possibleDuplicate: true };
  }
  await deps.memory.sends.conclude(send.tag, 'unknown', 'the answer was lost and the event feed is silent');
  return { result: ended(deps, send, { outcome: 'unknown' }) };
}

async function waitForSlot(deps: ActivityDependencies, send: Send, failures: number): Promise<void> {
  // A slot that a failed attempt has used up is gone: the next attempt books its own.
  const wait = await deps.memory.rates.reserve(`${send.tag}.${failures}`, send.template.class, soonMs);
  if (wait > soonMs) throw tryAgainIn(wait, 'RateLimited', `the next free slot is in ${wait} ms`);
  if (wait > 0) await sleep(wait);
}

async function dispatch(
  deps: ActivityDependencies,
  send: Send,
  contact: Contact & { email: string },
  way: WayIsFree,
): Promise<SendResult> {
  const { html, text, subject } = renderFor(send.template, contact, send.request.event.payload);
  const claim = await takeClaim(deps, send, way);
  try {
    const id = await deps.mailer.send({
      from: deps.settings.from,
      to: contact.email,
      subject,
      html,
      text,
      headers: [],
      tag: send.tag,
    });
    return await accepted(deps, send, way, id);
  } catch (error) {
    if (!(error instanceof MailerError)) throw error;
    return await failed(deps, send, way, claim, error.failure, error.message);
  }
}

/** The last moment at which an attempt can find out that another one has overtaken it. */
async function takeClaim(deps: ActivityDependencies, send: Send, way: WayIsFree): Promise<string> {
  const claim = randomUUID();
  const asked = performance.now();
  const other = await deps.memory.sends.claim(send.tag, claim, way);
  if (other) throw tryAgainIn(1, 'Settling', 'another attempt has this mail');
  if (performance.now() - asked > staleClaimMs) {
    const now = await deps.memory.sends.read(send.tag);
    if (now?.claim !== claim || now.state !== 'dispatching')
      throw tryAgainIn(1, 'Settling', 'another attempt has this mail');
  }
  return claim;
}

async function accepted(deps: ActivityDependencies, send: Send, way: WayIsFree, id: string): Promise<SendResult> {
  try {
    await deps.memory.sends.accept(send.tag, id);
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

async function failed(
  deps: ActivityDependencies,
  send: Send,
  way: WayIsFree,
  claim: string,
  failure: SendFailure,
  detail: string,
): Promise<SendResult> {
  const { sends } = deps.memory;
  const { settings } = deps;
  deps.log.warn({ message_key: send.key, failure: failure.kind, detail }, 'send failed');
  switch (failure.kind) {
    case 'accepted_id_unknown':
      return accepted(deps, send, way, '');
    case 'throttled':
      await sends.release(send.tag, claim);
      throw tryAgainIn(failure.retryAfterMs, 'Throttled', detail);
    case 'quota_spent':
      await sends.release(send.tag, claim);
      throw tryAgainIn(failure.retryAfterMs, 'QuotaSpent', detail);
    case 'unavailable': {
      const failures = await sends.release(send.tag, claim);
      throw tryAgainIn(backoff(failures, settings), 'ProviderUnavailable', detail);
    }
    case 'halted':
      await sends.release(send.tag, claim);
      throw tryAgainIn(settings.probeEveryMs, 'SendingHalted', `${failure.scope}: ${detail}`);
    case 'refused':
      await sends.conclude(send.tag, 'refused', detail);
      throw neverAgain('MailRefused', detail);
    case 'ambiguous':
      throw tryAgainIn(Math.max(1_000, settings.settleAfterMs / 12), 'Settling', `it may have left: ${detail}`);
    default:
      return failure satisfies never;
  }
}

/** Doubles up to `max_attempts`, then stays at `probe_every`: a provider that is away loses nobody. */
function backoff(failures: number, settings: ActivityDependencies['settings']): number {
  if (failures >= settings.maxAttempts) return settings.probeEveryMs;
  return Math.min(settings.probeEveryMs, settings.backoffMs * 2 ** Math.max(0, failures - 1));
}

function sentBefore(record: SendRecord): SendResult {
  return { outcome: 'sent', ...(record.providerId && { message_id: record.providerId }) };
}

function ended(deps: ActivityDependencies, send: Send, result: SendResult): SendResult {
  deps.metrics.sends.inc({ template: send.template.name, outcome: result.outcome });
  deps.log.info({ message_key: send.key, ...result }, 'send ended');
  return result;
}
