import { pino } from 'pino';
import { z } from 'zod';
import { natsAccess } from '../../runtime/nats-connection.ts';
import { StartError } from '../../runtime/stop-signal.ts';
import { feedbackPublisher, type FeedbackPublisher } from './publish-feedback.ts';
import { startSesStandIn } from './stand-in.ts';

const number = z.coerce.number().min(0);
const environment = z.object({
  HTTP_PORT: number.int().max(65_535).default(8025),
  /** For containers; on a laptop the stand-in listens on loopback only. */
  HTTP_HOST: z.string().default('127.0.0.1'),
  /** Comma-separated host names to answer to, beside loopback. */
  SES_ALLOWED_HOSTS: z.string().optional(),
  /** When set, SES events go to JetStream. The other variables of NATS count too: docs/nats.md. */
  NATS_URL: z.string().optional(),
  SES_LATENCY_MS: number.default(0),
  SES_LATENCY_JITTER: number.max(1).default(0),
  SES_MAX_MAILS: number.int().min(1).default(5000),
  SES_MAX_SEND_RATE: number.default(14),
  SES_MAX_24_HOUR_SEND: z.coerce.number().int().min(-1).default(50_000),
  SES_FEEDBACK_DELAY_MS: number.default(200),
  /** Keeps the inbox over restarts. */
  SES_DATA_DIR: z.string().optional(),
});

// stdout carries one line, the URL, for whoever started this; everything else goes to stderr.
const log = pino({ name: 'ses-stand-in' }, pino.destination(2));
const read = environment.safeParse(dropEmpty(process.env));
if (!read.success) {
  console.error(`The SES stand-in cannot start:\n${z.prettifyError(read.error)}`);
  process.exit(1);
}
const env = read.data;

const publisher = env.NATS_URL === undefined ? undefined : publisherTo(process.env);
const standIn = await startSesStandIn({
  port: env.HTTP_PORT,
  host: env.HTTP_HOST,
  latencyMs: env.SES_LATENCY_MS,
  latencyJitter: env.SES_LATENCY_JITTER,
  maxMails: env.SES_MAX_MAILS,
  maxSendRate: env.SES_MAX_SEND_RATE,
  max24HourSend: env.SES_MAX_24_HOUR_SEND,
  feedbackDelayMs: env.SES_FEEDBACK_DELAY_MS,
  ...(env.SES_ALLOWED_HOSTS === undefined ? {} : { allowedHosts: env.SES_ALLOWED_HOSTS.toLowerCase().split(',') }),
  ...(env.SES_DATA_DIR === undefined ? {} : { dir: env.SES_DATA_DIR }),
  onEvent: (event) => publisher?.publish(event),
}).catch(cannotStart);
console.log(JSON.stringify({ url: standIn.url }));

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());

async function stop(): Promise<void> {
  await standIn.close();
  await publisher?.close();
}

function publisherTo(variables: NodeJS.ProcessEnv): FeedbackPublisher {
  try {
    return feedbackPublisher(natsAccess(variables), (err) => {
      if (err instanceof StartError) cannotStart(err);
      log.warn({ err }, 'SES events wait: NATS or its stream is away');
    });
  } catch (error) {
    return cannotStart(error as Error);
  }
}

function cannotStart({ message }: Error): never {
  console.error(`The SES stand-in cannot start: ${message}`);
  process.exit(1);
}

/** An empty variable means "not set", as in a compose file with `NATS_URL: ${NATS_URL:-}`. */
function dropEmpty(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
}
