import { setTimeout as sleep } from 'node:timers/promises';

import {
  GetAccountCommand,
  type GetAccountCommandOutput,
  GetConfigurationSetCommand,
  GetConfigurationSetEventDestinationsCommand,
  type EventDestination,
  type GetConfigurationSetCommandOutput,
  GetEmailIdentityCommand,
  type GetEmailIdentityCommandOutput,
  SESv2Client,
  type SESv2ClientConfig,
} from '@aws-sdk/client-sesv2';
import { NodeHttpHandler } from '@smithy/node-http-handler';

import type { Config } from '../config/schema.ts';
import { addressOf, domainOf } from '../store/stops.ts';
import type { DnsResolver } from './dns/resolver.ts';
import { lookAtDns, type SendingDomain } from './doctor-dns.ts';
import type { Finding } from './doctor-finding.ts';
import { sendersIn } from './senders-in.ts';

type Provider = Config['provider'];
type Level = Finding['level'];

const finding = (level: Level, about: string, says: string): Finding => ({ level, about, says });

/** SES answers one reading call a second for the whole account; workers need some of them too. */
const betweenCallsMs = 1_000;

/** What SES says about the account, the configuration set and the sender. Reads only. `way` wins over AWS's own variables. */
export async function lookAtSes(
  config: Pick<Config, 'provider' | 'topics'>,
  way: SESv2ClientConfig = {},
  resolver?: DnsResolver,
): Promise<Finding[]> {
  const { provider } = config;
  const client = new SESv2Client({
    ...way,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 2_000,
      requestTimeout: provider.request_timeout,
      throwOnRequestTimeout: true,
    }),
  });
  const found: Finding[] = [];
  try {
    found.push(...(await unlessDenied('SES account', () => lookAtAccount(client, provider))));
    await sleep(betweenCallsMs);
    found.push(...(await unlessDenied('SES config', () => lookAtConfigurationSet(client, provider.configuration_set))));
    for (const [setting, from] of sendersIn(config))
      found.push(...(await unlessDenied('SES sender', () => lookAtSender(client, setting, from, resolver))));
  } catch (error) {
    const { name, message } = error as Error;
    const says = `could not be asked: ${name}: ${message}. Look at AWS_REGION, the credentials and AWS_ENDPOINT_URL_SESV2.`;
    found.push(finding('wrong', 'SES', says));
  } finally {
    client.destroy();
  }
  return found;
}

async function lookAtAccount(client: SESv2Client, provider: Provider): Promise<Finding[]> {
  return judgeAccount(await client.send(new GetAccountCommand({})), provider);
}

async function lookAtConfigurationSet(client: SESv2Client, name: string): Promise<Finding[]> {
  const command = new GetConfigurationSetCommand({ ConfigurationSetName: name });
  const set = await readUnlessMissing(() => client.send(command));
  const found = judgeConfigurationSet(name, set);
  if (!set) return found;
  await sleep(betweenCallsMs);
  const destinations = new GetConfigurationSetEventDestinationsCommand({ ConfigurationSetName: name });
  const { EventDestinations = [] } = await client.send(destinations);
  return [...found, judgeEventDestinations(name, EventDestinations)];
}

/** The first identity that speaks for the sender: its own address, its domain, or a domain above that. */
async function lookAtSender(
  client: SESv2Client,
  setting: string,
  from: string,
  resolver: DnsResolver | undefined,
): Promise<Finding[]> {
  const unverified: string[] = [];
  for (const name of identitiesOf(from)) {
    await sleep(betweenCallsMs);
    const reply = await readUnlessMissing(() => client.send(new GetEmailIdentityCommand({ EmailIdentity: name })));
    if (reply?.VerifiedForSendingStatus === true) {
      const dns =
        resolver && (await lookAtDns(sendingDomainOf(from, name, reply, await client.config.region()), resolver));
      return [...judgeIdentity(name, reply), ...(dns ?? [])];
    }
    if (reply) unverified.push(`${name} (${reply.VerificationStatus ?? 'not verified'})`);
  }
  const found = unverified.length > 0 ? `identity not verified: ${unverified.join(', ')}` : 'no SES identity found';
  const says = `SES cannot send from ${addressOf(from)} (${setting}): ${found}. Verify the address or its domain in SES.`;
  return [finding('wrong', 'SES sender', says)];
}

/** What DNS has to say for the emails of this identity. */
export function sendingDomainOf(
  from: string,
  identity: string,
  { DkimAttributes: dkim, MailFromAttributes: mailFrom }: Omit<GetEmailIdentityCommandOutput, '$metadata'>,
  region: string,
): SendingDomain {
  const own = dkim?.SigningAttributesOrigin === 'EXTERNAL';
  return {
    from: domainOf(addressOf(from)),
    ...(dkim?.SigningEnabled === true && {
      dkim: {
        domain: domainOf(identity),
        tokens: dkim.Tokens ?? [],
        ...(!own && { zone: dkim.SigningHostedZone ?? 'dkim.amazonses.com' }),
      },
    }),
    ...(mailFrom?.MailFromDomain && { mailFrom: { domain: mailFrom.MailFromDomain, region } }),
  };
}

function identitiesOf(from: string): string[] {
  const address = addressOf(from);
  const labels = domainOf(address).split('.');
  return [address, ...labels.slice(0, Math.max(1, labels.length - 1)).map((_, at) => labels.slice(at).join('.'))];
}

export function judgeAccount(account: Omit<GetAccountCommandOutput, '$metadata'>, provider: Provider): Finding[] {
  const about = 'SES account';
  const { SendingEnabled, ProductionAccessEnabled, EnforcementStatus: enforcement = 'HEALTHY', SendQuota } = account;
  const found: Finding[] = [];
  if (SendingEnabled !== true)
    found.push(finding('wrong', about, 'sending is switched off. Switch it on in the SES console, under Account.'));
  if (enforcement === 'SHUTDOWN')
    found.push(finding('wrong', about, 'is shut down (SHUTDOWN): SES takes no mail. Answer the AWS support case.'));
  else if (enforcement !== 'HEALTHY')
    found.push(
      finding('warning', about, `is under review (${enforcement}). Look at bounces, complaints and the case.`),
    );
  if (ProductionAccessEnabled !== true)
    found.push(
      finding('warning', about, 'is in the sandbox: only verified addresses get mail. Request production access.'),
    );
  if (found.length === 0) found.push(finding('ok', about, 'may send to anybody'));
  return [...found, judgeQuota(SendQuota ?? {}, provider)];
}

function judgeQuota(quota: NonNullable<GetAccountCommandOutput['SendQuota']>, provider: Provider): Finding {
  const about = 'SES quota';
  const { Max24HourSend: max = -1, SentLast24Hours: sent = 0, MaxSendRate: rate } = quota;
  const pace = rate === undefined ? '' : `; ${Math.min(rate, provider.rate_limit)} a second`;
  if (max < 0) return finding('ok', about, `${sent} mails in 24 hours, without a limit${pace}`);
  const used = `${sent} of ${max} mails in 24 hours used${pace}`;
  if (sent >= max) return finding('warning', about, `${used}. Mail waits until there is room. Request a higher quota.`);
  if (sent >= max * (1 - provider.quota_reserve))
    return finding('warning', about, `${used}. The rest is kept for transactional mail (provider.quota_reserve).`);
  return finding('ok', about, used);
}

export function judgeConfigurationSet(
  name: string,
  set: Omit<GetConfigurationSetCommandOutput, '$metadata'> | undefined,
): Finding[] {
  const about = 'SES config';
  if (!set) {
    const says = `There is no configuration set "${name}". Create it in SES, or set provider.configuration_set to yours.`;
    return [finding('wrong', about, says)];
  }
  if (set.SendingOptions?.SendingEnabled === false) {
    const says = `sending is switched off for the configuration set "${name}". Switch it on in the SES console.`;
    return [finding('wrong', about, says)];
  }
  return [finding('ok', about, `the configuration set "${name}" exists`)];
}

/** Without these nobody hears of an address that must not be mailed again. */
const stopping = ['BOUNCE', 'COMPLAINT'];

/** These decide whether an email whose answer was lost has left. */
const settling = ['SEND', 'DELIVERY', 'REJECT', 'RENDERING_FAILURE'];

/** Whether SES reports what becomes of emails. */
export function judgeEventDestinations(
  name: string,
  destinations: readonly Pick<EventDestination, 'Enabled' | 'MatchingEventTypes'>[],
): Finding {
  const about = 'SES events';
  const reported = new Set(destinations.flatMap((one) => (one.Enabled ? (one.MatchingEventTypes ?? []) : [])));
  const missing = (types: readonly string[]) => types.filter((type) => !(reported as Set<string>).has(type));
  const [stops, settles] = [missing(stopping), missing(settling)];
  const add = `Add ${[...stops, ...settles].join(', ')} to an event destination of "${name}".`;
  if (stops.length > 0) {
    return finding('wrong', about, `SES reports no ${stops.join(' and no ')}, so these stop no email. ${add}`);
  }
  if (settles.length > 0) {
    return finding('warning', about, `SES does not report ${settles.join(', ')}, so emails in doubt stay so. ${add}`);
  }
  return finding('ok', about, `the configuration set "${name}" reports what becomes of emails`);
}

/** Says of an identity that is verified whether its mail is signed, and whether its MAIL FROM domain works. */
export function judgeIdentity(name: string, identity: Omit<GetEmailIdentityCommandOutput, '$metadata'>): Finding[] {
  const about = 'SES sender';
  const { DkimAttributes: dkim, MailFromAttributes: mailFrom } = identity;
  const found = [finding('ok', about, `${name} is verified`)];
  if (dkim?.Status === 'SUCCESS' && dkim.SigningEnabled !== false)
    found.push(finding('ok', 'SES DKIM', 'mail is signed (SUCCESS)'));
  else {
    const status = dkim?.Status === 'SUCCESS' ? 'signing is switched off' : `is ${dkim?.Status ?? 'not set up'}`;
    found.push(
      finding(
        'warning',
        'SES DKIM',
        `${status}: large providers refuse or hide unsigned mail. Set up DKIM for ${name}.`,
      ),
    );
  }
  const { MailFromDomain: domain, MailFromDomainStatus: status, BehaviorOnMxFailure: behaviour } = mailFrom ?? {};
  if (!domain) found.push(finding('ok', 'SES MAIL FROM', 'is that of SES; DKIM alone aligns the mail'));
  else if (status === 'SUCCESS') found.push(finding('ok', 'SES MAIL FROM', `${domain} works (SUCCESS)`));
  else {
    const refused = behaviour === 'REJECT_MESSAGE';
    const effect = refused ? 'SES refuses every mail' : 'SES uses its own domain meanwhile';
    const says = `${domain} is ${status}: ${effect}. Put its MX record right.`;
    found.push(finding(refused ? 'wrong' : 'warning', 'SES MAIL FROM', says));
  }
  return found;
}

async function readUnlessMissing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if ((error as Error).name === 'NotFoundException') return undefined;
    throw error;
  }
}

/** Sending may be allowed where reading is not; and a busy SES may have no turn left for us. Neither stops mail. */
async function unlessDenied(about: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    const { name, message } = error as Error;
    if (!/^(AccessDenied|TooManyRequests|Throttling)/.test(name)) throw error;
    return [finding('warning', about, `could not be examined: ${name}: ${message}`)];
  }
}
