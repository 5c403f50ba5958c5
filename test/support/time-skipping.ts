import { type Client, WorkflowClient } from '@temporalio/client';

/**
 * A client whose runs skip time: the server passes over every wait while nothing is under way. The SDK has no option for
 * it yet, so the start request is completed here; only tests do this.
 */
class TimeSkippingClient extends WorkflowClient {
  protected override async createStartWorkflowRequest(
    ...args: Parameters<WorkflowClient['createStartWorkflowRequest']>
  ): ReturnType<WorkflowClient['createStartWorkflowRequest']> {
    const request = await super.createStartWorkflowRequest(...args);
    return { ...request, timeSkippingConfig: { enabled: true } };
  }
}

export function timeSkipping(client: Client): WorkflowClient {
  return new TimeSkippingClient({ connection: client.connection, namespace: client.options.namespace });
}
