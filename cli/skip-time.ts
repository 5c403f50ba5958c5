import { type Client, isGrpcServiceError } from '@temporalio/client';

/** gRPC's codes for what is switched off (UNIMPLEMENTED), and for a field that an older server has not heard of. */
const cannot = new Set([12, 3]);

/** NOT_FOUND: the run has no wait any more. */
const ended = new Set([5]);

/** From now on the server passes over every wait of this run; false when it is a server that cannot. */
export async function skipTime(client: Client, workflowId: string): Promise<boolean> {
  try {
    await client.workflowService.updateWorkflowExecutionOptions({
      namespace: client.options.namespace,
      workflowExecution: { workflowId },
      workflowExecutionOptions: { timeSkippingConfig: { enabled: true } },
      updateMask: { paths: ['time_skipping_config'] },
    });
    return true;
  } catch (error) {
    if (isGrpcServiceError(error) && ended.has(error.code)) return true;
    if (isGrpcServiceError(error) && cannot.has(error.code)) return false;
    throw error;
  }
}
