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
  log: Pick<Logger, 'info' | 'warn'>;
  metrics: { sends: Pick<Counter<'template' | 'outcome'>, 'inc'> };
  settings: SendSettings;
}

/** All durations in milliseconds. */
export interface SendSettings {
  from: string;
  consentNeeded: boolean;
  settleAfterMs: number;
  backoffMs: number;
  maxAttempts: number;
  probeEveryMs: number;
}
