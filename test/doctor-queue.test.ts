import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';

import { lookAtQueue } from '../cli/doctor-queue.ts';
import { startSqsStandIn } from './support/sqs-stand-in.ts';

it('the queue of feedback is asked what waits in it, and keeps it', async () => {
  const queue = await startSqsStandIn();
  queue.send('{}');
  queue.send('{}');
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = () =>
    new SQSClient({ endpoint: new URL(queue.queueUrl).origin, region: 'eu-central-1', credentials, maxAttempts: 1 });
  expect(await lookAtQueue(queue.queueUrl, client())).toEqual([
    { level: 'ok', about: 'feedback', says: 'the SQS queue answers: about 2 messages wait, 0 are taken' },
  ]);
  expect(queue.bodies()).toHaveLength(2);
  expect(queue.received.size).toBe(0);
  await queue.goAway();
  expect(await lookAtQueue(queue.queueUrl, client())).toMatchObject([{ level: 'wrong', about: 'feedback' }]);
});

it.each([
  ['AccessDenied', 'warning', 'lack sqs:GetQueueAttributes'],
  ['AWS.SimpleQueueService.NonExistentQueue', 'wrong', 'there is no SQS queue'],
  ['QueueDoesNotExist', 'wrong', 'there is no SQS queue'],
  ['TimeoutError', 'wrong', 'could not be asked: TimeoutError'],
])('%s is a finding', async (name, level, says) => {
  const refusing = {
    send: () => Promise.reject(Object.assign(new Error('refused'), { name })),
    destroy: () => {},
  } as unknown as SQSClient;
  const [finding] = await lookAtQueue('https://sqs.eu-central-1.amazonaws.com/1/q', refusing);
  expect(finding).toMatchObject({ level, says: expect.stringContaining(says) });
});
