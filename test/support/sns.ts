import { sign } from 'node:crypto';

import { selfSigned, type SelfSigned } from '../../local/certificate.ts';

export const ourTopic = 'arn:aws:sns:eu-central-1:123456789012:ses-events';
export const certificateUrl = `https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-${'0a'.repeat(16)}.pem`;

/** Signs in the place of AWS. */
export const amazon: SelfSigned = selfSigned();

export type SnsFields = Record<string, string | null | undefined>;

/** A notification as AWS writes and signs it. A field that is undefined is left out, before signing. */
export function signedNotification(fields: SnsFields = {}, signer = amazon): SnsFields {
  const message = { Type: 'Notification', Message: '{"eventType":"Send"}', ...common(), ...fields };
  return signed(message, ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'], signer);
}

/** What AWS sends when a subscription is asked for, and, by another type, when one has ended. */
export function signedConfirmation(type: string, fields: SnsFields = {}): SnsFields {
  const subscribeUrl = 'https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=0badc0de';
  const message = {
    Type: type,
    Message: 'You have chosen to subscribe.',
    Token: '0badc0de',
    SubscribeURL: subscribeUrl,
    ...common(),
    ...fields,
  };
  const names = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  return signed(message, names, amazon);
}

function common(): SnsFields {
  return {
    MessageId: '5d0c1f4e-0d3c-5f2e-9d51-4340c1a0e1d1',
    TopicArn: ourTopic,
    Timestamp: new Date().toISOString(),
    SignatureVersion: '2',
    SigningCertURL: certificateUrl,
  };
}

function signed(message: SnsFields, names: string[], { privateKey }: SelfSigned): SnsFields {
  const text = names.filter((name) => typeof message[name] === 'string').map((name) => `${name}\n${message[name]}\n`);
  const digest = message['SignatureVersion'] === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
  return { ...message, Signature: sign(digest, Buffer.from(text.join('')), privateKey).toString('base64') };
}
