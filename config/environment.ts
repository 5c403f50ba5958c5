import { z } from 'zod';

import { parseRedisUrl } from './redis-url.ts';

const makeOne = 'Make one with: openssl rand -hex 32';

const masterSecret = z
  .string({ error: `is required: 64 hexadecimal digits, the same for every process. ${makeOne}` })
  .regex(/^[0-9a-fA-F]{64}$/, { error: `must be 64 hexadecimal digits. ${makeOne}`, abort: true })
  .refine((hex) => new Set(Buffer.from(hex, 'hex')).size >= 16, {
    error: `has fewer than 16 distinct bytes, so it can be guessed. ${makeOne}`,
  });

/** Takes the place of a secret in commands that hash no address and sign no link. */
export const noSecret = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('hex');

const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must be postgres://user:password@host:port/database',
});

const certificate = (what: string) =>
  z.string().optional().describe(`${what} The path of a PEM file, read again for each new connection, or PEM text.`);

const port = z.coerce.number().int().min(0).max(65_535);

function isHttpsOrLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, search, hash } = new URL(url);
  if (username !== '' || search !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname));
}

/** Every environment variable that Rivulet itself reads. Temporal's and AWS's own variables are read by their libraries. */
export const environmentSchema = z.object({
  NATS_URL: z
    .string()
    .default('nats://127.0.0.1:4222')
    .describe(
      'NATS servers, separated by commas: nats://host:4222, or tls://host:4222 to require TLS. May contain user:password@ or token@ before the host.',
    ),
  NATS_USER: z
    .string()
    .optional()
    .describe('The NATS user; needs NATS_PASSWORD. [NATS](nats.md) lists all login methods; set exactly one.'),
  NATS_PASSWORD: z.string().optional().describe('The password of NATS_USER.'),
  NATS_PASSWORD_FILE: z
    .string()
    .optional()
    .describe('The path of a file with the password of NATS_USER, read again for each connection.'),
  NATS_TOKEN: z.string().optional().describe('A NATS token, instead of a user.'),
  NATS_TOKEN_FILE: z
    .string()
    .optional()
    .describe('The path of a file with a NATS token, read again for each connection.'),
  NATS_NKEY: z
    .string()
    .optional()
    .describe(
      'The seed of an NKey (SU…), or the path of a file that contains it. A file is read again for each connection.',
    ),
  NATS_CREDS: z
    .string()
    .optional()
    .describe('A creds file (JWT and seed): its content, or its path. A file is read again for each connection.'),
  NATS_CA: z
    .string()
    .optional()
    .describe(
      "The CA that signed the server's certificate: PEM or the path of a file. Default: the CAs that Node trusts. Setting it requires TLS.",
    ),
  NATS_CERT: z
    .string()
    .optional()
    .describe(
      'The client certificate, if NATS requires one: PEM or the path of a file, which is read again for each connection. Setting it requires TLS.',
    ),
  NATS_KEY: z.string().optional().describe('The private key of NATS_CERT: PEM or the path of a file.'),
  NATS_JS_DOMAIN: z
    .string()
    .optional()
    .describe("The JetStream domain of the streams, such as hub, if it is not the server's own."),
  NATS_JS_PREFIX: z
    .string()
    .optional()
    .describe('The prefix of the JetStream API, if another account exports it. Default: $JS.API.'),
  REDIS_URL: z
    .string()
    .superRefine((url, { addIssue }) => {
      try {
        parseRedisUrl(url);
      } catch (error) {
        addIssue({ code: 'custom', message: (error as Error).message });
      }
    })
    .default('redis://127.0.0.1:6379')
    .describe(
      'The Redis for the rate limit and notifications. Its data may be lost at any time. `redis://`, `redis+sentinel://host:port,host:port/name` or `redis+cluster://host:port,host:port`; for TLS `rediss://`, `rediss+sentinel://`, `rediss+cluster://`.',
    ),
  REDIS_USER: z.string().optional().describe('The ACL user, if REDIS_URL has none. See deploy/redis/users.acl.'),
  REDIS_PASSWORD: z.string().optional().describe('The password, if REDIS_URL has none.'),
  REDIS_PASSWORD_FILE: z
    .string()
    .optional()
    .describe('The path of a file with the password, if REDIS_URL has none. Read again for each new connection.'),
  REDIS_SENTINEL_USER: z.string().optional().describe('The ACL user for the Sentinels.'),
  REDIS_SENTINEL_PASSWORD: z.string().optional().describe('The password for the Sentinels, if they require one.'),
  REDIS_CA: certificate(
    'The CA that signed the certificates of Redis (and of its Sentinels). Default: the public CAs.',
  ),
  REDIS_CERT: certificate('The client certificate, if Redis requires one.'),
  REDIS_KEY: certificate('The private key of REDIS_CERT.'),
  POSTGRES_URL: postgresUrl
    .default('postgres://postgres@127.0.0.1:5432/rivulet')
    .describe(
      'The Postgres database that stores the record. Version 15 or newer. `sslmode`, `sslrootcert`, `sslcert` and `sslkey` work as in libpq; see [connections.md](connections.md).',
    ),
  POSTGRES_PASSWORD: z.string().optional().describe('The password, if POSTGRES_URL has none.'),
  POSTGRES_PASSWORD_FILE: z
    .string()
    .optional()
    .describe('The path of a file with the password, if POSTGRES_URL has none. Read again for each new connection.'),
  POSTGRES_PASSWORD_COMMAND: z
    .string()
    .optional()
    .describe(
      'A shell command that prints the password, if POSTGRES_URL has none: for tokens, such as `aws rds generate-db-auth-token …`. Run for new connections, at most every 30 seconds, with a timeout of 10 seconds. Needs /bin/sh, which the production image does not have.',
    ),
  POSTGRES_CA: certificate(
    'The CA that signed the certificate of Postgres. If `sslmode` is not set, implies `verify-full`.',
  ),
  POSTGRES_CERT: certificate('The client certificate, if Postgres requires one.'),
  POSTGRES_KEY: certificate('The private key of POSTGRES_CERT.'),
  POSTGRES_MIGRATION_URL: postgresUrl
    .optional()
    .describe(
      'The same database, as the owner of the tables: for migrations and partitions, if the user of POSTGRES_URL may not change the schema. POSTGRES_CA, POSTGRES_CERT and POSTGRES_KEY apply to it too; the password variables do not.',
    ),
  TEMPORAL_ADDRESS: z
    .string()
    .default('127.0.0.1:7233')
    .describe("Temporal's gRPC address. Temporal's own variables for TLS and API keys are also read."),
  TEMPORAL_NAMESPACE: z.string().default('rivulet').describe('The Temporal namespace.'),
  RIVULET_DATA_CONVERTER: z
    .string()
    .optional()
    .describe(
      'The path of a module that exports `dataConverter`, a Temporal DataConverter, for example with `payloadCodecs` that encrypt. Set it for every process and command, and for `npm run build` if it has a `payloadConverterPath`.',
    ),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, error: 'must be smtp://user:password@host:port or smtps://…' })
    .optional()
    .describe(
      'The SMTP server for provider.type smtp: smtp://user:password@host:port. It must offer TLS unless it is on loopback.',
    ),
  PUBLIC_URL: z
    .string()
    .refine(isHttpsOrLoopback, {
      error:
        'must be https://host or https://host/path, without user, query and fragment. http is accepted on loopback only',
    })
    .default('http://127.0.0.1:8080')
    .describe('The base URL of links in emails. Must be https, except on loopback.'),
  FEEDBACK_QUEUE_URL: z
    .url()
    .optional()
    .describe('The SQS queue of SES events; else feedback.sqs.queue_url. Without either nothing is polled.'),
  HTTP_HOST: z.string().default('127.0.0.1').describe('The address that both ports listen on.'),
  HTTP_PORT: port
    .optional()
    .describe('The public port of the ingress: pages behind links in emails, and the SNS endpoint. Default: 8080.'),
  HEALTH_PORT: port
    .optional()
    .describe(
      'The port for health and metrics. Must not be public. Default: 9080 for the ingress, 8081 for the worker.',
    ),
  RIVULET_CONFIG: z.string().default('rivulet.yaml').describe('The configuration file.'),
  RIVULET_SECRET: masterSecret.describe(
    "The master secret; keys for hashes and tokens are derived from it. A process whose secret differs from the installation's refuses to start. `npm start` generates one.",
  ),
  RIVULET_SECRET_PREVIOUS: masterSecret
    .optional()
    .describe(
      'During and after a rotation: the previous secret. Links created with it still work, and suppressions hashed with it still count. See `rivulet secret rotate`.',
    ),
  RIVULET_WORKFLOW_BUNDLE: z
    .string()
    .optional()
    .describe('The path of a prebuilt workflow bundle, for workers that run from source.'),
  RIVULET_LIVE: z
    .enum(['0', '1'], { error: 'must be 1 or 0' })
    .default('0')
    .describe('1: the worker takes up saved journeys and templates. `npm start` sets it; 0 there turns it off.'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info').describe('How much is logged.'),
});

export type Environment = z.output<typeof environmentSchema>;
