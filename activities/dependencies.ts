import type { Counter } from 'prom-client';
import type { Logger } from 'pino';

import type { Memory } from '../state/memory.ts';
import type { Catalogue } from '../templates/catalogue.ts';
import type { Mailer } from './mailers/mailer.ts';

/** What the activities need of the world. The worker makes it; a test passes its own. */
export interface ActivityDependencies {
  memory: Memory;
  catalogue: Catalogue;
  mailer: Mailer;
  /** Waits so many milliseconds; rejects when the journey no longer wants what is waited for. */
  wait: (ms: number) => Promise<void>;
  /** This worker's own pace, for when the shared one cannot be asked: how long the next mail waits, in milliseconds. */
  localPace: () => number;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  metrics: { sends: Pick<Counter<'template' | 'outcome'>, 'inc'>; duplicates: Pick<Counter, 'inc'> };
  settings: SendSettings;
}

/** All durations in milliseconds. */
export interface SendSettings {
  from: string;
  /** SES only. */
  configurationSet?: string;
  consentNeeded: boolean;
  settleAfterMs: number;
  backoffMs: number;
  maxAttempts: number;
  probeEveryMs: number;
}
