import type { Counter } from 'prom-client';
import type { Logger } from 'pino';

import type { ConsentModel } from '../config/consent-model.ts';
import type { sendersOf } from '../config/senders.ts';
import type { SendingTimes } from '../config/sending-times.ts';
import type { Store } from '../store/store.ts';
import type { Template } from '../templates/catalogue.ts';
import type { Mailer } from './mailers/mailer.ts';
import type { ProviderHealth } from './provider-health.ts';
import type { Attempt, SendRequest } from './send.ts';
import type { MailLinks } from './email-headers.ts';

/** What the activities need of the world. The worker makes it; a test passes its own. */
export interface ActivityDependencies {
  store: Store;
  templates: Templates;
  mailer: Mailer;
  links: MailLinks;
  /** The attempt at an email that runs now: `attemptOfTemporal` of attempt.ts. */
  attemptOf: (request: SendRequest, way: Attempt['way']) => Attempt;
  /** What time it is, Unix ms: the worker's clock, or that of a simulation. */
  now: () => number;
  /** Waits so many milliseconds; rejects when the journey no longer wants what is waited for. */
  wait: (ms: number) => Promise<void>;
  /** What is known of the provider from recent sends. */
  health: ProviderHealth;
  /** Asks Temporal to cancel a run; false when there is none that runs. */
  cancelRun: (workflowId: string, reason: string) => Promise<boolean>;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  metrics: {
    sends: Pick<Counter<'template' | 'outcome'>, 'inc'>;
    duplicates: Pick<Counter, 'inc'>;
    suppressions: Pick<Counter<'reason'>, 'inc'>;
    recipientFacts: Pick<Counter<'what'>, 'inc'>;
  };
  settings: SendSettings;
}

/** The templates that may be sent now. */
export interface Templates {
  /** `welcome`, or `welcome@<version>`; `version`: that which a mail has begun with. `undefined` when there is none. */
  find(reference: string, version?: string): Promise<Template | undefined>;
  names(): readonly string[];
}

/** All durations in milliseconds. */
export interface SendSettings {
  /** Whose an email of this template is. */
  sender: ReturnType<typeof sendersOf>;
  /** An address beside the link in List-Unsubscribe. */
  unsubscribeMailto?: string | undefined;
  /** What people call the topics. */
  topicTitles: Readonly<Record<string, string>>;
  /** SES only. */
  configurationSet?: string;
  /** What a person of this country must have said before they get marketing mail. */
  consentModel: (country: string | undefined) => ConsentModel;
  /** When marketing mails of this journey about this topic may leave. Asked by every attempt: it may change meanwhile. */
  sendingTimes: (journey: string | undefined, topic: string | undefined) => readonly SendingTimes[];
  /** Whether a complaint stops transactional mail too. */
  complaintsStop: 'all' | 'marketing';
  settleAfterMs: number;
  backoffMs: number;
  maxAttempts: number;
  probeEveryMs: number;
}
