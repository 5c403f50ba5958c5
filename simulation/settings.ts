import type { SendSettings } from '../activities/dependencies.ts';
import { consentModel } from '../config/consent-model.ts';
import type { Config } from '../config/schema.ts';
import { sendingTimesOf } from '../config/sending-times.ts';

/** What of the settings of a worker is of use without a provider. */
export type SimulatedSettings = Pick<
  SendSettings,
  'consentModel' | 'sendingTimes' | 'complaintsStop' | 'backoffMs' | 'maxAttempts' | 'probeEveryMs'
>;

export function settingsOf(config: Config): SimulatedSettings {
  const { compliance, suppression, provider } = config;
  return {
    consentModel: (country) => consentModel(compliance, country),
    sendingTimes: (journey, topic) => sendingTimesOf(config, journey, topic),
    complaintsStop: suppression.complaints_stop,
    backoffMs: provider.retry.backoff_ms,
    maxAttempts: provider.retry.max_attempts,
    probeEveryMs: provider.probe_every,
  };
}
