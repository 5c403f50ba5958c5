import type { ApplicationFailure } from '@temporalio/common';

import { afterFailure } from '../activities/after-failure.ts';
import { checkStanding, type Undeliverable } from '../activities/check-consent.ts';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import { neverAgain, type SendFailure, tryAgainIn } from '../activities/failures.ts';
import type { NotNow, SendRequest, SendResult, SentNow } from '../activities/index.ts';
import { referenceTo, renderFor, type RenderedReference } from '../activities/render-email.ts';
import type { Send, Wait } from '../activities/send.ts';
import { sentNow } from '../activities/send-email-now.ts';
import { opensAt } from '../activities/send-window.ts';
import { placeholderLinks } from '../activities/unsubscribe-headers.ts';
import type { Event } from '../events/index.ts';
import { messageKey } from '../state/keys.ts';
import type { Catalogue, Template } from '../templates/catalogue.ts';
import { parseReference } from '../templates/reference.ts';
import type { Diary } from './diary.ts';
import type { Remembered } from './remembered.ts';
import type { SimulatedSettings } from './settings.ts';

/** What the provider does to every mail for a time. */
export type Fault = 'throttled' | 'unavailable';

/** What the simulated world needs to know. */
export interface MailroomTerms {
  settings: SimulatedSettings;
  catalogue: Catalogue;
  remembered: Remembered;
  diary: Diary;
  /** What is wrong with the provider at an instant (Unix ms). */
  faultAt: (at: number) => Fault | undefined;
}

const why = {
  no_address: 'no address is known',
  no_consent: 'no consent to',
  suppressed: 'the address is suppressed',
} as const satisfies Record<Undeliverable, string>;

/** The activities around a mail: may it be sent, does it render, and the sending itself, once for each message key. */
export function createMailroom(terms: MailroomTerms) {
  const { settings, remembered, diary } = terms;
  const { memory } = remembered;
  const sent = new Map<string, SendResult>();
  /** Waits that the queue has kept already, for its first attempt at a mail. */
  const waited = new WeakSet<Wait>();

  return {
    async checkConsent(at: number, name: string, user: string): Promise<'may_send' | Undeliverable> {
      const template = find(name);
      const standing = await checkStanding(memory, template, user, settings.consentModel);
      return standing.may ? 'may_send' : noMail(at, template, standing.why);
    },

    async renderEmail(_: number, name: string, event: Event): Promise<RenderedReference> {
      return referenceTo(find(name), await memory.contacts.find(event.user_id), event.payload);
    },

    async sendEmail(at: number, request: SendRequest): Promise<SendResult> {
      const { wait } = request;
      if (wait && !waited.has(wait)) {
        waited.add(wait);
        throw tryAgainIn(wait.ms, wait.type, wait.message);
      }
      return send(at, request);
    },

    sendEmailNow: (at: number, request: SendRequest): Promise<SentNow | NotNow> =>
      sentNow(find(request.template), send(at, request)),
  };

  /** In the order of activities/send-email.ts: sent before, the hours, the last look, the provider. */
  async function send(at: number, request: SendRequest): Promise<SendResult> {
    const { event, journey } = request;
    const template = find(request.template);
    const key = messageKey(event.event_id, template.name, request.key);
    const before = sent.get(key);
    if (before) return before;

    const until = await closedUntil(at, template, event.user_id, journey);
    if (until !== undefined) {
      diary.add(at, {
        what: 'deferred',
        template: template.name,
        until,
        why: `its hours begin ${diary.clock(until)}`,
      });
      return { outcome: 'deferred', until, version: template.version };
    }
    const standing = await checkStanding(memory, template, event.user_id, settings.consentModel);
    if (!standing.may) return { outcome: noMail(at, template, standing.why) };

    const { subject } = renderFor(template, standing.contact, event.payload, placeholderLinks(template));
    const fault = terms.faultAt(at);
    if (fault) throw await failed(fault, key, template);

    diary.add(at, { what: 'mail', template: template.name, subject });
    const result: SendResult = {
      outcome: 'sent',
      message_id: `simulated-${sent.size + 1}`,
      version: template.version,
    };
    sent.set(key, result);
    return result;
  }

  function find(name: string): Template {
    const template = terms.catalogue.get(parseReference(name).name);
    if (template) return template;
    const known = [...terms.catalogue.keys()].join(', ');
    throw neverAgain('TemplateMissing', `no template is called "${name}"; there are ${known}`);
  }

  function noMail(at: number, { name: template, topic }: Template, outcome: Undeliverable): Undeliverable {
    const reason = outcome === 'no_consent' ? `${why.no_consent} ${topic}` : why[outcome];
    diary.add(at, { what: 'no mail', template, why: reason });
    return outcome;
  }

  async function closedUntil(
    at: number,
    template: Template,
    user: string,
    journey?: string,
  ): Promise<number | undefined> {
    const times = template.class === 'marketing' ? settings.sendingTimes(journey, template.topic) : [];
    if (times.length === 0) return undefined;
    const { time_zone } = await memory.contacts.find(user);
    const opens = opensAt(times, time_zone, at);
    if (opens === undefined) {
      throw neverAgain('MissingData', `the sending times of ${journey} and ${template.topic} have no minute in common`);
    }
    return opens > at ? opens : undefined;
  }

  /** The waits between tries are the product's own. */
  function failed(fault: Fault, key: string, template: Template): Promise<ApplicationFailure> {
    const deps = { memory, settings, log: { info() {}, warn() {}, error() {} } };
    const terms: Send['terms'] = { lane: template.class, since: 0, stops: [] };
    const send: Send = { key, tag: key, template, user: '', terms, patienceMs: 0 };
    const message = fault === 'throttled' ? 'the provider throttles' : 'the provider is away';
    return afterFailure(deps as unknown as ActivityDependencies, send, key, { failure: failures[fault], message });
  }
}

/** As activities/mailers/ses-errors.ts sorts them; a throttle that is not about the rate alone asks for half a minute. */
const failures = {
  throttled: { kind: 'throttled', retryAfterMs: 30_000 },
  unavailable: { kind: 'unavailable' },
} as const satisfies Record<Fault, SendFailure>;
