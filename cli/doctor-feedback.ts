import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import type { Finding } from './doctor-finding.ts';

/**
 * Whether links in mails lead anywhere, and whether anything brings back what becomes of mails. Nothing is asked over the
 * network: an ingress behind a proxy cannot see its own public side. The SES stand-in's mails stay on this machine.
 */
export function lookAtWaysBack(
  { provider, feedback }: Config,
  environment: Environment,
  toStandIn: boolean,
): Finding[] {
  if (toStandIn) return [];
  const links = lookAtPublicUrl(environment.PUBLIC_URL);
  return provider.type === 'smtp' ? [links] : [links, lookAtSources(feedback, environment.FEEDBACK_QUEUE_URL)];
}

function lookAtPublicUrl(publicUrl: string): Finding {
  const { hostname } = new URL(publicUrl);
  const about = 'links';
  if (isLoopback(hostname)) {
    const says = `PUBLIC_URL is ${publicUrl}: nobody else can open the links in mails. Set it to where the ingress is reached from outside.`;
    return { level: 'warning', about, says };
  }
  return { level: 'ok', about, says: `links in mails lead to ${publicUrl}` };
}

/** `hostname` as URL gives it. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || ['[::1]', '::1'].includes(hostname) || hostname.startsWith('127.');
}

function lookAtSources({ sqs, sns }: Config['feedback'], queue: string | undefined): Finding {
  const about = 'feedback';
  const sources = [
    ...((queue ?? sqs.queue_url) ? ['SQS'] : []),
    ...(sns.topics.length > 0 ? [`SNS (${sns.topics.length} topics)`] : []),
  ];
  if (sources.length > 0) return { level: 'ok', about, says: `comes by ${sources.join(' and ')}` };
  const says =
    'neither FEEDBACK_QUEUE_URL nor feedback.sns.topics is set: unless something of yours publishes to marketing.feedback.ses, bounces and complaints stop nobody’s mail.';
  return { level: 'warning', about, says };
}
