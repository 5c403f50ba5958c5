import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

import { createSqsClient } from '../ingress/feedback/poll-sqs.ts';
import type { Finding } from './doctor-finding.ts';

const about = 'feedback';

/** Whether the queue that feedback comes by is there. Takes no message out of it. */
export async function lookAtQueue(url: string, client: SQSClient = createSqsClient(url)): Promise<Finding[]> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  try {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] }),
    );
    const [waiting, taken] = names.map((name) => Attributes[name] ?? '0');
    return [{ level: 'ok', about, says: `the SQS queue answers: about ${waiting} messages wait, ${taken} are taken` }];
  } catch (error) {
    return [judgeFailure(error as Error)];
  } finally {
    client.destroy();
  }
}

function judgeFailure({ name, message }: Error): Finding {
  if (/AccessDenied|NotAuthorized/.test(name)) {
    const says = 'the SQS queue could not be examined: these credentials lack sqs:GetQueueAttributes';
    return { level: 'warning', about, says };
  }
  if (/NonExistentQueue|QueueDoesNotExist/.test(name)) {
    const says =
      'there is no SQS queue at FEEDBACK_QUEUE_URL or feedback.sqs.queue_url: bounces stop no email. Correct it.';
    return { level: 'wrong', about, says };
  }
  return { level: 'wrong', about, says: `the SQS queue could not be asked: ${name}: ${message}` };
}
