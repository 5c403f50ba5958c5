import { randomUUID } from 'node:crypto';

import { messageTagName } from '../../store/message-key.ts';

/** Events in the shapes that SES publishes, about mails of ours. */

interface About {
  to: string;
  /** The message tag; without it, a mail that was sent by somebody else through the same account. */
  tag?: string;
  at?: number;
}

function mail({ to, tag, at = Date.now() }: About) {
  return {
    timestamp: new Date(at).toISOString(),
    source: 'Rivulet <hello@example.com>',
    sourceArn: 'arn:aws:ses:eu-central-1:123456789012:identity/example.com',
    sendingAccountId: '123456789012',
    messageId: `0107-${randomUUID()}`,
    destination: [to],
    headersTruncated: false,
    headers: [{ name: 'To', value: to }],
    commonHeaders: { from: ['Rivulet <hello@example.com>'], to: [to], subject: 'Welcome' },
    tags: { 'ses:configuration-set': ['rivulet'], ...(tag !== undefined && { [messageTagName]: [tag] }) },
  };
}

const iso = (at: number | undefined) => new Date(at ?? Date.now()).toISOString();

export const sesEvent = {
  send: (about: About) => ({ eventType: 'Send', mail: mail(about), send: {} }),
  delivery: (about: About) => ({
    eventType: 'Delivery',
    mail: mail(about),
    delivery: { timestamp: iso(about.at), recipients: [about.to], smtpResponse: '250 ok', processingTimeMillis: 500 },
  }),
  bounce: (about: About, type: string, subType: string, status?: string, recipients = [about.to]) => ({
    eventType: 'Bounce',
    mail: mail(about),
    bounce: {
      bounceType: type,
      bounceSubType: subType,
      bouncedRecipients: recipients.map((emailAddress) => ({
        emailAddress,
        ...(status && { action: 'failed', status, diagnosticCode: `smtp; 550 ${status} no such user ${emailAddress}` }),
      })),
      timestamp: iso(about.at),
      feedbackId: `0107-${randomUUID()}`,
    },
  }),
  complaint: (about: About, type?: string, recipients = [about.to], subType: string | null = null) => ({
    eventType: 'Complaint',
    mail: mail(about),
    complaint: {
      complainedRecipients: recipients.map((emailAddress) => ({ emailAddress })),
      timestamp: iso(about.at),
      feedbackId: `0107-${randomUUID()}`,
      complaintSubType: subType,
      ...(type && { complaintFeedbackType: type, userAgent: 'AnyCompany Feedback Loop (V0.01)' }),
    },
  }),
  reject: (about: About) => ({ eventType: 'Reject', mail: mail(about), reject: { reason: 'Bad content' } }),
  renderingFailure: (about: About) => ({
    eventType: 'Rendering Failure',
    mail: mail(about),
    failure: { errorMessage: "Attribute 'plan' is not present in the rendering data.", templateName: 'welcome' },
  }),
  delay: (about: About, delayType: string) => ({
    eventType: 'DeliveryDelay',
    mail: mail(about),
    deliveryDelay: {
      timestamp: iso(about.at),
      delayType,
      expirationTime: iso((about.at ?? Date.now()) + 50_000_000),
      delayedRecipients: [{ emailAddress: about.to, status: '4.4.1', diagnosticCode: 'smtp; 421 4.4.1 no answer' }],
    },
  }),
  open: (about: About, isBotEvent?: 'Likely' | 'Unlikely') => ({
    eventType: 'Open',
    mail: mail(about),
    open: { timestamp: iso(about.at), ipAddress: '192.0.2.1', userAgent: 'Mail', ...(isBotEvent && { isBotEvent }) },
  }),
  click: (about: About, isBotEvent?: 'Likely' | 'Unlikely') => ({
    eventType: 'Click',
    mail: mail(about),
    click: {
      timestamp: iso(about.at),
      ipAddress: '192.0.2.1',
      userAgent: 'Browser',
      link: 'https://example.com/start?who=7',
      linkTags: null,
      ...(isBotEvent && { isBotEvent }),
    },
  }),
  subscription: (about: About, topics: string[], unsubscribeAll = false) => ({
    eventType: 'Subscription',
    mail: mail(about),
    subscription: {
      contactList: 'people',
      timestamp: iso(about.at),
      source: 'UnsubscribeHeader',
      newTopicPreferences: {
        unsubscribeAll,
        topicSubscriptionStatus: topics.map((topicName) => ({ topicName, subscriptionStatus: 'OptOut' })),
      },
    },
  }),
};

/** The envelopes in which an event may come. */
export const envelope = {
  sns: (event: object, MessageId: string = randomUUID()) => ({
    Type: 'Notification',
    MessageId,
    TopicArn: 'arn:aws:sns:eu-central-1:123456789012:ses-events',
    Message: JSON.stringify(event),
    Timestamp: iso(undefined),
    SignatureVersion: '2',
    Signature: 'c2lnbmF0dXJl',
    SigningCertURL: 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem',
  }),
  eventBridge: (event: object) => ({
    version: '0',
    id: randomUUID(),
    'detail-type': 'Email Event',
    source: 'aws.ses',
    account: '123456789012',
    time: iso(undefined),
    region: 'eu-central-1',
    resources: [],
    detail: event,
  }),
  lambda: (event: object) => {
    const { SigningCertURL: SigningCertUrl, ...message } = envelope.sns(event);
    return { Records: [{ EventSource: 'aws:sns', Sns: { ...message, Subject: null, SigningCertUrl } }] };
  },
  /** Feedback of an identity, which has no tags. */
  identity: ({ eventType, mail, ...blocks }: { eventType: string; mail: object }) => ({
    notificationType: eventType,
    mail: Object.fromEntries(Object.entries(mail).filter(([name]) => name !== 'tags')),
    ...blocks,
  }),
};
