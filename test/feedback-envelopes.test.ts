import { describe, expect, it } from 'vitest';

import { bounceOf, clickOf, event, mail, read } from './support/feedback-of-ses.ts';

describe('the same event is the same in every envelope', () => {
  const sns = (message: unknown, more: object = {}) => ({
    Type: 'Notification',
    MessageId: '5d0c1f4e-0d3c-5f2e-9d51-4340c1a0e1d1',
    TopicArn: 'arn:aws:sns:eu-central-1:123456789012:ses-events',
    Subject: 'Amazon SES Email Event Notification',
    Message: typeof message === 'string' ? message : JSON.stringify(message),
    SigningCertURL: 'https://sns.eu-central-1.amazonaws.com/a.pem',
    ...more,
  });
  const eventBridge = (detail: unknown) => ({
    version: '0',
    'detail-type': 'Email Bounced',
    source: 'aws.ses',
    detail,
  });
  const lambda = (message: unknown) => {
    const { SigningCertURL: url, ...rest } = sns(message, { Subject: null });
    return { Records: [{ EventSource: 'aws:sns', Sns: { ...rest, SigningCertUrl: url } }] };
  };
  const sqs = (body: unknown) => ({
    Records: [{ messageId: '1', eventSource: 'aws:sqs', body: JSON.stringify(body) }],
  });
  const envelopes: [string, (value: unknown) => unknown][] = [
    ['SNS', sns],
    ['EventBridge', eventBridge],
    ['SNS to Lambda', lambda],
    ['SQS to Lambda', sqs],
    ['EventBridge in SNS', (value) => sns(eventBridge(value))],
    ['EventBridge in SNS in SQS to Lambda', (value) => sqs(sns(eventBridge(value)))],
  ];
  it.each(envelopes)('%s', (_name, wrap) => {
    for (const value of [bounceOf(), clickOf(), event('Send', { send: {} })])
      expect(read(wrap(value))).toEqual(read(value));
  });

  it('and so is one without a message id', () => {
    const { messageId: _, ...unnamed } = mail;
    const value = { ...clickOf(), mail: unnamed };
    expect(read(sns(value))).toEqual(read(value));
    expect(read({ ...clickOf({ timestamp: mail.timestamp }), mail: unnamed })[0]).not.toEqual(read(value)[0]);
  });

  it('several records are read in their order', () => {
    const both = { Records: [...lambda(bounceOf()).Records, ...sqs(clickOf()).Records] };
    expect(read(both)).toEqual([...read(bounceOf()), ...read(clickOf())]);
  });

  it('what stands beside the signed Message is not read', () => {
    const forged = sns(clickOf(), { ...bounceOf(), detail: bounceOf(), Records: lambda(bounceOf()).Records });
    expect(read(forged)).toEqual(read(clickOf()));
  });

  it('a hundred records are read, and one more says that there were more', () => {
    const { Records: record } = lambda(bounceOf());
    const flat = { Records: Array.from({ length: 250 }, () => record[0]) };
    const nested = {
      Records: Array.from({ length: 20 }, () => ({ body: JSON.stringify({ Records: Array(20).fill(record[0]) }) })),
    };
    for (const many of [flat, nested]) {
      const found = read(many);
      expect(found).toHaveLength(101);
      expect(found.at(-1)).toMatchObject({ reason: 'not_an_event', detail: 'more than 100 records' });
    }
  });

  it.each([
    [5, 'bounce'],
    [6, 'unusable'],
  ])('%i envelopes around one event make it %s', (depth, type) => {
    let value: unknown = bounceOf();
    for (let index = 0; index < depth; index++) value = eventBridge(value);
    expect(read(value)).toMatchObject([{ type }]);
  });
});
