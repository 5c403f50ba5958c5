import type { Command } from 'commander';

import { ConfigError } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { environmentSchema } from '../config/environment.ts';
import { addressOf, domainOf } from '../store/stops.ts';
import { configFor } from './config-for.ts';
import type { CliContext } from './context.ts';
import { type DnsResolver, systemResolver } from './dns/resolver.ts';
import { lookAtDns } from './doctor-dns.ts';
import type { Finding } from './doctor-finding.ts';
import { checkJourneySettings } from '../ingress/entry/check-settings.ts';
import { isLoopback, lookAtWaysBack } from './doctor-feedback.ts';
import { lookAtPostgres } from './doctor-postgres.ts';
import { lookAtNats } from './doctor-nats.ts';
import { lookAtRedis, lookAtTemporal } from './doctor-servers.ts';
import { sendersIn } from './senders-in.ts';

export function addDoctor(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description('look at everything that sending needs, and say what is wrong and what to do; changes nothing')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const findings = await examine(context);
      if (json) context.print(JSON.stringify(findings, undefined, 2));
      else for (const line of report(findings)) context.print(line);
      process.exitCode = findings.some(({ level }) => level === 'wrong') ? 1 : 0;
    });
}

/** Everything at once: a server that is away costs its time-out once. */
async function examine({ running, env, resolver = systemResolver() }: CliContext): Promise<Finding[]> {
  const standIn = running?.urls.inbox;
  const ses: { endpoint?: string } =
    standIn === undefined || process.env['AWS_ENDPOINT_URL_SESV2'] ? {} : toStandIn(standIn);
  // The libraries of AWS and Temporal read the process's own variables.
  for (const [name, value] of Object.entries(env)) process.env[name] ??= value;
  // The SDK's word on Node versions would stand above every answer; the worker logs it.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

  const { findings, configuration } = readConfiguration(env);
  if (!configuration) return findings;
  const { config, environment } = configuration;
  const endpoint = process.env['AWS_ENDPOINT_URL_SESV2'] ?? ses.endpoint;
  const standsIn = config.provider.type === 'ses' && endpoint !== undefined && isLoopback(new URL(endpoint).hostname);
  const queueUrl = environment.FEEDBACK_QUEUE_URL ?? config.feedback.sqs.queue_url;
  const found = await Promise.all([
    lookAtPostgres(env, config),
    lookAtRedis(env, config.suppression.key_prefix),
    lookAtNats(environment, config.queues.marketing_events),
    lookAtTemporal(env, environment, config.queues.marketing_events.max_age),
    config.provider.type === 'ses'
      ? import('./doctor-ses.ts').then(({ lookAtSes }) => lookAtSes(config, ses, standsIn ? undefined : resolver))
      : lookAtSmtp(config, environment.SMTP_URL, resolver),
    queueUrl === undefined ? [] : import('./doctor-queue.ts').then(({ lookAtQueue }) => lookAtQueue(queueUrl)),
  ]);
  return [...findings, ...found.flat(), ...lookAtWaysBack(config, environment, standsIn)];
}

/** The worker of `npm start` sends to the SES stand-in; real credentials never reach it. */
function toStandIn(endpoint: string) {
  const region = process.env['AWS_REGION'] || 'eu-central-1';
  return { endpoint, region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
}

function readConfiguration(env: NodeJS.ProcessEnv): {
  findings: Finding[];
  configuration?: ReturnType<typeof configFor>;
} {
  const about = 'configuration';
  try {
    const configuration = configFor(env, checkJourneySettings);
    const file = configuration.environment.RIVULET_CONFIG;
    return { configuration, findings: [{ level: 'ok', about, says: `${file} loads` }, ...lookAtSecret(env)] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return {
      findings: [
        ...error.mistakes.map((says): Finding => ({ level: 'wrong', about, says })),
        { level: 'warning', about, says: 'Nothing else was looked at: put the configuration right first.' },
      ],
    };
  }
}

/** An operator's machine need not have the secret; a broken one would stop worker and ingress. */
function lookAtSecret(env: NodeJS.ProcessEnv): Finding[] {
  const { success, error } = environmentSchema.shape.RIVULET_SECRET.safeParse(env['RIVULET_SECRET'] || undefined);
  if (success) return [];
  const says = `RIVULET_SECRET ${error.issues.map(({ message }) => message).join('; ')}`;
  return [{ level: env['RIVULET_SECRET'] ? 'wrong' : 'warning', about: 'configuration', says }];
}

/** Logs in and says goodbye; no email is sent. */
async function lookAtSmtp(
  config: Pick<Config, 'provider' | 'topics'>,
  url: string | undefined,
  resolver: DnsResolver,
): Promise<Finding[]> {
  const about = 'SMTP';
  if (!url) {
    return [{ level: 'wrong', about, says: 'provider.type is smtp, but SMTP_URL is not set. Set it.' }];
  }
  const { host, hostname } = new URL(url);
  const domains = isLoopback(hostname)
    ? []
    : [...new Set(sendersIn(config).map(([, from]) => domainOf(addressOf(from))))];
  const { createSmtpMailer } = await import('../activities/mailers/smtp.ts');
  const transport = createSmtpMailer({ url, requestTimeoutMs: smtpWithinMs, concurrency: 1 });
  try {
    const loggedIn = await transport.isOver({ scope: 'credentials', reason: '', detail: '', opens: 'probe', since: 0 });
    const dns = await Promise.all(domains.map((from) => lookAtDns({ from, bySmtp: true }, resolver)));
    return [
      loggedIn
        ? { level: 'ok', about, says: `${host} answers and accepts the credentials` }
        : { level: 'wrong', about, says: `${host} refuses the credentials. Correct SMTP_URL.` },
      ...dns.flat(),
    ];
  } catch (error) {
    return [{ level: 'wrong', about, says: `${host} cannot be used: ${(error as Error).message}` }];
  } finally {
    transport.close();
  }
}

const smtpWithinMs = 5_000;

export function report(findings: readonly Finding[]): string[] {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const [wrong, warnings] = [count('wrong'), count('warning')];
  const lines = findings.map(({ level, about, says }) => `${level.padEnd(7)}  ${about.padEnd(13)}  ${says}`);
  // Only when an email would be sent now: each thing that it needs is a finding, and one that is missing is not ok.
  if (wrong + warnings === 0) return [...lines, '', 'All checks passed: an email would be sent now.'];
  return [
    ...lines,
    '',
    `${wrong === 0 ? 'Nothing' : wrong} wrong, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}.`,
  ];
}
