import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

/** Every environment variable that Rivulet itself reads. Temporal's and AWS's own variables are read by their libraries. */
export const environmentSchema = z.object({
  NATS_URL: z.string().default('nats://127.0.0.1:4222').describe('NATS servers, separated by commas.'),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .default('redis://127.0.0.1:6379')
    .describe('The Redis that remembers.'),
  TEMPORAL_ADDRESS: z
    .string()
    .default('127.0.0.1:7233')
    .describe("Temporal's gRPC address; Temporal's other variables (TLS, API key) work too."),
  TEMPORAL_NAMESPACE: z.string().default('rivulet').describe('The Temporal namespace.'),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, error: 'must be smtp://user:password@host:port or smtps://…' })
    .optional()
    .describe('Where mail goes when provider.type is smtp: smtp://user:password@host:port.'),
  PUBLIC_URL: z.url().default('http://127.0.0.1:8080').describe('The base of links in mails, nothing else.'),
  FEEDBACK_QUEUE_URL: z
    .url()
    .optional()
    .describe('The SQS queue of SES events; else feedback.sqs.queue_url. Without either nothing is polled.'),
  HTTP_HOST: z.string().default('127.0.0.1').describe('The address that health, metrics and pages listen on.'),
  HTTP_PORT: port.optional().describe('Their port. Default: 8080 for the ingress, 8081 for the worker.'),
  RIVULET_CONFIG: z.string().default('rivulet.yaml').describe('The configuration file.'),
  RIVULET_SECRET: z
    .string({
      error: 'is required: 64 hexadecimal digits, the same for every process. Make one with: openssl rand -hex 32',
    })
    .regex(/^[0-9a-fA-F]{64}$/, { error: 'must be 64 hexadecimal digits. Make one with: openssl rand -hex 32' })
    .describe('The master secret; keys for hashes and tokens are derived from it. `npm start` makes one.'),
  RIVULET_WORKFLOW_BUNDLE: z
    .string()
    .optional()
    .describe('A bundle of the journeys that was built elsewhere, for workers that run from source.'),
  RIVULET_LIVE: z
    .enum(['0', '1'], { error: 'must be 1 or 0' })
    .default('0')
    .describe('1: the worker takes up saved journeys and templates. `npm start` sets it; 0 there turns it off.'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info').describe('How much is logged.'),
});

export type Environment = z.output<typeof environmentSchema>;
