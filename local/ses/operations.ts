import { domainOf } from './addresses.ts';
import { malformed, notFound } from './errors.ts';
import { readSendEmailRequest } from './send-email-request.ts';
import { sendEmail } from './send-email.ts';
import type { Account } from './send-email.ts';
import type { Suppression } from './suppression-list.ts';
import { assertConfigurationSetName } from './validate.ts';

export interface Call {
  /** The last segment of the path, decoded; empty for operations without one. */
  name: string;
  query: URLSearchParams;
  /** The parsed JSON body; undefined when there was none. */
  body: unknown;
}

export interface Operation {
  name: string;
  method: string;
  path: RegExp;
  run: (account: Account, call: Call) => object;
}

/** The part of the SES v2 API that the stand-in speaks. */
export const OPERATIONS: readonly Operation[] = [
  {
    name: 'SendEmail',
    method: 'POST',
    path: /^\/v2\/email\/outbound-emails$/,
    run: (account, { body }) => sendEmail(account, readSendEmailRequest(body)),
  },
  { name: 'GetAccount', method: 'GET', path: /^\/v2\/email\/account$/, run: getAccount },
  {
    name: 'GetConfigurationSet',
    method: 'GET',
    path: /^\/v2\/email\/configuration-sets\/([^/]+)$/,
    run: getConfigurationSet,
  },
  {
    name: 'GetConfigurationSetEventDestinations',
    method: 'GET',
    path: /^\/v2\/email\/configuration-sets\/([^/]+)\/event-destinations$/,
    run: getEventDestinations,
  },
  {
    name: 'GetEmailIdentity',
    method: 'GET',
    path: /^\/v2\/email\/identities\/([^/]+)$/,
    run: (_, { name }) => describeIdentity(name),
  },
  {
    name: 'PutSuppressedDestination',
    method: 'PUT',
    path: /^\/v2\/email\/suppression\/addresses$/,
    run: putSuppressedDestination,
  },
  {
    name: 'ListSuppressedDestinations',
    method: 'GET',
    path: /^\/v2\/email\/suppression\/addresses$/,
    run: listSuppressedDestinations,
  },
  {
    name: 'GetSuppressedDestination',
    method: 'GET',
    path: /^\/v2\/email\/suppression\/addresses\/([^/]+)$/,
    run: ({ suppressionList }, { name }) => ({ SuppressedDestination: describe(suppressionList.get(name)) }),
  },
  {
    name: 'DeleteSuppressedDestination',
    method: 'DELETE',
    path: /^\/v2\/email\/suppression\/addresses\/([^/]+)$/,
    run({ suppressionList }, { name }) {
      suppressionList.delete(name);
      return {};
    },
  },
];

export function findOperation(method: string, path: string): { operation: Operation; name: string } | undefined {
  for (const operation of OPERATIONS) {
    const match = operation.method === method ? operation.path.exec(path) : null;
    if (match) return { operation, name: decodeSegment(match[1] ?? '') };
  }
  return undefined;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function getAccount({ faults, record, maxSendRate, max24HourSend }: Account) {
  return {
    DedicatedIpAutoWarmupEnabled: true,
    EnforcementStatus: faults.enforcementStatus,
    ProductionAccessEnabled: faults.productionAccessEnabled,
    SendQuota: {
      Max24HourSend: max24HourSend,
      MaxSendRate: maxSendRate,
      SentLast24Hours: record.sentLast24Hours(Date.now()),
    },
    SendingEnabled: faults.sendingEnabled,
    SuppressionAttributes: { SuppressedReasons: ['BOUNCE', 'COMPLAINT'] },
  };
}

function getConfigurationSet({ faults }: Account, { name }: Call) {
  assertConfigurationSetName(name);
  if (faults.missingConfigurationSets.has(name)) throw notFound(`Configuration set <${name}> does not exist.`);
  return {
    ConfigurationSetName: name,
    ReputationOptions: { ReputationMetricsEnabled: false },
    SendingOptions: { SendingEnabled: faults.sendingEnabled },
    Tags: [],
  };
}

/** What it reports goes to NATS; SES would name a topic. */
function getEventDestinations(account: Account, call: Call) {
  const { ConfigurationSetName: set } = getConfigurationSet(account, call);
  const types = 'BOUNCE CLICK COMPLAINT DELIVERY DELIVERY_DELAY OPEN REJECT RENDERING_FAILURE SEND SUBSCRIPTION';
  const topic = `arn:aws:sns:eu-central-1:000000000000:${set}`;
  const destination = { Name: 'stand-in', Enabled: true, MatchingEventTypes: types.split(' ') };
  return { EventDestinations: [{ ...destination, SnsDestination: { TopicArn: topic } }] };
}

/** Every identity is verified: what an unverified one answers is for the fault plan to say. */
function describeIdentity(name: string) {
  return {
    IdentityType: name.includes('@') ? 'EMAIL_ADDRESS' : 'DOMAIN',
    FeedbackForwardingStatus: true,
    VerifiedForSendingStatus: true,
    VerificationStatus: 'SUCCESS',
    DkimAttributes: { SigningEnabled: true, Status: 'SUCCESS' },
    MailFromAttributes: {
      MailFromDomain: `bounce.${domainOf(name)}`,
      MailFromDomainStatus: 'SUCCESS',
      BehaviorOnMxFailure: 'USE_DEFAULT_VALUE',
    },
    Policies: {},
    Tags: [],
  };
}

function putSuppressedDestination({ suppressionList }: Account, { body }: Call) {
  const { EmailAddress, Reason } = (body ?? {}) as Record<string, unknown>;
  if (typeof EmailAddress !== 'string' || typeof Reason !== 'string') {
    throw malformed('EmailAddress and Reason must be strings.');
  }
  suppressionList.put(EmailAddress, Reason);
  return {};
}

function listSuppressedDestinations({ suppressionList }: Account, { query }: Call) {
  const token = query.get('NextToken');
  const { entries, next } = suppressionList.list({
    reasons: query.getAll('Reason'),
    from: instant(query.get('StartDate'), 0),
    until: instant(query.get('EndDate'), Infinity),
    pageSize: Number(query.get('PageSize') ?? 100) || 100,
    ...(token === null ? {} : { token }),
  });
  const summaries = entries.map(describe);
  return { SuppressedDestinationSummaries: summaries, ...(next === undefined ? {} : { NextToken: next }) };
}

/** The wire has times in bodies as Unix seconds, in queries as ISO 8601. */
const describe = ({ address, reason, since }: Suppression) => ({
  EmailAddress: address,
  Reason: reason,
  LastUpdateTime: since / 1000,
});

function instant(value: string | null, otherwise: number): number {
  const time = value === null ? otherwise : Date.parse(value);
  if (Number.isNaN(time)) throw malformed(`Not a timestamp: ${value}`);
  return time;
}
