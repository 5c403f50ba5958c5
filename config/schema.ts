import { z } from 'zod';

import { emailAddress } from '../events/person.ts';
import { type EventType, eventTypes } from '../events/index.ts';
import { duration } from './duration.ts';
import { journeys } from './journeys.ts';
import { mailbox } from './senders.ts';
import { opensSometimes, sendingTimes } from './sending-times.ts';

const provider = z
  .strictObject({
    type: z
      .enum(['ses', 'smtp'])
      .default('ses')
      .describe('Who carries the mail: Amazon SES, or any provider by SMTP (SMTP_URL).'),
    rate_limit: z
      .number()
      .positive()
      .default(14)
      .describe('Mails per second over all workers together. The lower of it and what the account allows is kept to.'),
    quota_reserve: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe("The share of the account's daily quota that only transactional mail may use."),
    retry: z
      .strictObject({
        max_attempts: z
          .int()
          .positive()
          .default(8)
          .describe(
            'How often a mail is tried when the provider fails in a way that may pass. Waiting for a slot is no try.',
          ),
        backoff_ms: z
          .int()
          .positive()
          .default(1000)
          .describe('Wait before the second try, in milliseconds; doubles from there.'),
      })
      .prefault({}),
    from: mailbox
      .default('Rivulet <hello@example.com>')
      .describe(
        'The From header: one address, with or without a display name. A topic, or the front matter of a template, can override it.',
      ),
    reply_to: mailbox
      .optional()
      .describe(
        'The Reply-To header. Without it, replies go to the From address. A topic or a template can override it.',
      ),
    configuration_set: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .default('rivulet')
      .describe('The SES configuration set. Without one SES sends no events, and nothing could be settled.'),
    request_timeout: duration
      .refine((ms) => ms <= 15_000, { error: 'must be at most "15s": the activity that makes the call is given 20 s' })
      .prefault('10s')
      .describe('How long one call to the provider may take.'),
    settle_after: duration
      .prefault('3m')
      .describe(
        'How long to wait for the event feed before a send with a lost answer is decided. Longer than request_timeout.',
      ),
    remember_sends: duration
      .prefault('60d')
      .describe(
        'How long the ledger remembers an email. Longer than queues.marketing_events.max_age, the retention of the Temporal namespace and the 30 days for which dead letters are kept: an event that comes again after that would send it again.',
      ),
    probe_every: duration
      .prefault('60s')
      .describe('How often a closed gate is probed, and what the account allows is read.'),
  })
  .refine((settings) => settings.settle_after > settings.request_timeout, {
    path: ['settle_after'],
    error: 'must be longer than provider.request_timeout, or a send still under way would be settled',
  })
  .refine((settings) => settings.remember_sends > settings.settle_after, {
    path: ['remember_sends'],
    error: 'must be longer than provider.settle_after, or an email in doubt would be forgotten before it is decided',
  });

const queues = z.strictObject({
  marketing_events: z
    .strictObject({
      name: z
        .string()
        .regex(/^[A-Z0-9_]+$/)
        .default('MARKETING_EVENTS')
        .describe('The JetStream stream of events.'),
      prefetch: z
        .int()
        .min(1)
        .max(1000)
        .default(100)
        .describe(
          'How many messages of one lane an ingress processes at the same time; of marketing events and of deliveries, opens and clicks a quarter.',
        ),
      dlq: z
        .string()
        .regex(/^[A-Z0-9_]+$/)
        .default('MARKETING_DLQ')
        .describe('The JetStream stream of dead letters.'),
      retries: z
        .string()
        .regex(/^[A-Z0-9_]+$/)
        .default('MARKETING_RETRY')
        .describe('The JetStream stream of messages that wait to be retried.'),
      max_age: duration
        .prefault('7d')
        .describe(
          'How long events stay in the stream. Shorter than the retention of the Temporal namespace, where de-duplication ends.',
        ),
    })
    .prefault({}),
});

const templates = z.strictObject({
  base_dir: z.string().default('templates').describe('The folder of the templates, relative to this file.'),
  versioning: z
    .enum(['content_hash'])
    .default('content_hash')
    .describe('A version is the hash of what the template says.'),
  cache_ttl: duration.prefault('60s').describe('How long a worker may keep a template before it looks again.'),
});

const suppression = z.strictObject({
  storage: z
    .enum(['postgres', 'redis'])
    .default('postgres')
    .describe(
      'Where other senders can read the suppression list. The record is in Postgres; `redis` also mirrors it to Redis, as hashes `<key_prefix>suppression:<keyed hash of the address>`.',
    ),
  key_prefix: z.string().default('rivulet:').describe('What every Redis key of Rivulet starts with.'),
  sync_interval: duration
    .prefault('24h')
    .describe("How often the suppression list is compared with the provider's list and with its mirror in Redis."),
  complaints_stop: z
    .enum(['all', 'marketing'])
    .default('all')
    .describe('What a complaint stops: all mail to the address, or marketing alone.'),
});

const compliance = z.strictObject({
  gdpr: z
    .boolean()
    .default(true)
    .describe(
      'People in the EU, the EEA, the United Kingdom and Switzerland get marketing mail only with their consent. Off: until they object.',
    ),
  ccpa: z
    .boolean()
    .default(true)
    .describe(
      'People in the United States get marketing mail until they object. Off: only with their consent, as everybody whose country has no rule or is unknown.',
    ),
  consent_check: z
    .boolean()
    .default(true)
    .describe(
      'A marketing mail needs a recorded consent where the law asks for one. Off: only an opt-out stops it, everywhere.',
    ),
});

const topic = z.strictObject({
  title: z.string().describe('What people read on the preference page.'),
  description: z.string().optional().describe('A sentence under it: what they get, and how often.'),
  translations: z
    .record(
      z.string(),
      z.strictObject({
        title: z.string().describe('The title in this language.'),
        description: z.string().optional().describe('The sentence in this language.'),
      }),
    )
    .optional()
    .describe('The same in other languages, by BCP 47 language, such as `de`.'),
  from: mailbox.optional().describe('The From header of emails about this topic. Overrides `provider.from`.'),
  reply_to: mailbox
    .optional()
    .describe('The Reply-To header of emails about this topic. Overrides `provider.reply_to`.'),
  ...sendingTimes,
});

const feedback = z.strictObject({
  sqs: z
    .strictObject({
      queue_url: z
        .url()
        .optional()
        .describe('The SQS queue that gets the events of the configuration set. FEEDBACK_QUEUE_URL wins over it.'),
    })
    .prefault({}),
  sns: z
    .strictObject({
      topics: z
        .array(
          z.string().regex(/^arn:aws(-cn|-us-gov)?:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/, {
            error: 'must be the ARN of a standard SNS topic',
          }),
        )
        .default([])
        .describe(
          'The SNS topics that may post to /feedback/sns; every other is refused. None: the page does not exist.',
        ),
      signature_versions: z
        .array(z.enum(['1', '2']))
        .min(1)
        .default(['2'])
        .describe('Signatures that are accepted. 1 is SHA-1; set the topic attribute SignatureVersion to 2 instead.'),
      max_age: duration.prefault('1h').describe('How old a message may be: an older one is a replay.'),
    })
    .prefault({}),
});

const links = z.strictObject({
  keys: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{1,16}$/, { error: 'must be 1 to 16 characters of A-Z a-z 0-9 _ -' }))
    .min(1)
    .default(['1'])
    .describe(
      'Names of the keys that sign links in mails, all derived from RIVULET_SECRET. The first signs, each is accepted. Put a new one first; take an old one out only after years, since mails do not expire.',
    ),
  unsubscribe_mailto: emailAddress
    .optional()
    .describe(
      'A mailbox of yours, added to List-Unsubscribe as a `mailto:` link for email clients that do not support one-click unsubscribe. Rivulet does not read this mailbox: for each request, run `rivulet suppressions add <address> --scope marketing`.',
    ),
});

const decisions = z.strictObject({
  remember: duration
    .prefault('30d')
    .describe(
      'How long events are kept, with their personal fields and what was decided about them. Longer than any journey runs: its emails show those fields. An event that comes again gets the same answer. At least as long as queues.marketing_events.max_age, whatever this says.',
    ),
});

const eventType = z.enum(Object.keys(eventTypes) as EventType[]);

const events = z.strictObject({
  contact_from: z
    .array(eventType)
    .optional()
    .describe(
      'Event types whose `payload.contact` is accepted. In all other types the block is dropped and reported; an unlisted `contact.updated` is refused. Default: all types.',
    ),
  consent_from: z
    .array(eventType)
    .refine((types) => types.includes('consent.granted'), {
      error: 'must include consent.granted: the confirmation and preference pages publish it',
    })
    .optional()
    .describe(
      'Event types whose `payload.consent` is accepted. In all other types the block is dropped and reported; an unlisted `consent.*` event is refused. `consent.revoked` is always accepted. Default: all types.',
    ),
});

/** Unknown keys are mistakes: a mistyped key would otherwise silently do nothing. */
const wholeFile = z.strictObject({
  provider: provider.prefault({}),
  queues: queues.prefault({}),
  events: events.prefault({}),
  templates: templates.prefault({}),
  suppression: suppression.prefault({}),
  compliance: compliance.prefault({}),
  feedback: feedback.prefault({}),
  links: links.prefault({}),
  topics: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/), topic.refine(...opensSometimes))
    .prefault({ onboarding: { title: 'Getting started' }, offers: { title: 'Offers' } })
    .describe('What people can subscribe to. A template names one of these.'),
  journeys,
  decisions: decisions.prefault({}),
  seeds: z
    .array(z.email({ error: 'must be an address such as seed@example.com' }))
    .max(50)
    .default([])
    .describe('Addresses of your own that get test mails: from the preview, and from `rivulet seed-test`.'),
});

/** The whole of rivulet.yaml. */
export const configSchema = wholeFile.refine(
  ({ provider, queues }) => provider.remember_sends > queues.marketing_events.max_age,
  {
    path: ['provider', 'remember_sends'],
    error:
      'must be longer than queues.marketing_events.max_age, or an event that is delivered late would send its emails again',
  },
);

export type Config = z.output<typeof configSchema> & { templates: { dir: string } };
