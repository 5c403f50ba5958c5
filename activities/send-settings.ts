import { consentModel } from '../config/consent-model.ts';
import type { Config } from '../config/schema.ts';
import { sendersOf } from '../config/senders.ts';
import { sendingTimesOf } from '../config/sending-times.ts';
import type { SendSettings } from './dependencies.ts';

/** What the configuration says about sending. `current`: the configuration now, for what may change while a worker runs. */
export function sendSettings(config: Config, current: () => Config = () => config): SendSettings {
  const { provider, compliance, suppression, topics, links } = config;
  return {
    sender: sendersOf(config),
    unsubscribeMailto: links.unsubscribe_mailto,
    topicTitles: Object.fromEntries(Object.entries(topics).map(([name, { title }]) => [name, title])),
    ...(provider.type === 'ses' && { configurationSet: provider.configuration_set }),
    consentModel: (country) => consentModel(compliance, country),
    sendingTimes: (journey, topic) => sendingTimesOf(current(), journey, topic),
    complaintsStop: suppression.complaints_stop,
    settleAfterMs: provider.settle_after,
    backoffMs: provider.retry.backoff_ms,
    maxAttempts: provider.retry.max_attempts,
    probeEveryMs: provider.probe_every,
  };
}
