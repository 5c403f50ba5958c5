import type { Client } from '@temporalio/client';
import { defaultPayloadConverter, toPayloads } from '@temporalio/common';

import { journeyQueue } from '../runtime/task-queues.ts';

/** Starts a run whose waits the server skips while nothing is under way. The client has no option for that yet. */
export async function startSkipping(client: Client, type: string, workflowId: string, args: unknown[]): Promise<void> {
  await client.workflowService.startWorkflowExecution({
    namespace: client.options.namespace,
    workflowId,
    workflowType: { name: type },
    taskQueue: { name: journeyQueue },
    input: { payloads: toPayloads(defaultPayloadConverter, ...args) ?? null },
    requestId: workflowId,
    timeSkippingConfig: { enabled: true },
  });
}
