import { type Client, WorkflowClient } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

type TimeSkipping = temporal.api.common.v1.ITimeSkippingConfig;

/**
 * A client whose runs skip time: the server passes over every wait while nothing is under way. The SDK has no option for
 * it yet, so the start request is completed here; only tests do this.
 */
class TimeSkippingClient extends WorkflowClient {
  readonly #until: TimeSkipping;

  constructor({ connection, options: { namespace } }: Client, until: TimeSkipping) {
    super({ connection, namespace });
    this.#until = until;
  }

  protected override async createStartWorkflowRequest(
    ...args: Parameters<WorkflowClient['createStartWorkflowRequest']>
  ): ReturnType<WorkflowClient['createStartWorkflowRequest']> {
    const request = await super.createStartWorkflowRequest(...args);
    return { ...request, timeSkippingConfig: { enabled: true, ...this.#until } };
  }
}

export function timeSkipping(client: Client): WorkflowClient {
  return new TimeSkippingClient(client, {});
}

/** The same up to so many seconds after the start; `skipOn` goes on from there. */
export function timeSkippingFor(client: Client, seconds: number): WorkflowClient {
  return new TimeSkippingClient(client, { fastForwardConfig: upTo(seconds) });
}

/** Waits until the run has skipped as far as it was told. */
export async function untilSkipped(client: Client, workflowId: string, seconds: number): Promise<void> {
  await client.workflowService.pollWorkflowExecutionTimeSkipping({
    namespace: client.options.namespace,
    workflowExecution: { workflowId },
    fastForwardId: String(upTo(seconds).id),
  });
}

/** Skips on: so many seconds more, or to the end. */
export async function skipOn(client: Client, workflowId: string, seconds?: number): Promise<void> {
  await client.workflowService.updateWorkflowExecutionOptions({
    namespace: client.options.namespace,
    workflowExecution: { workflowId },
    workflowExecutionOptions: {
      timeSkippingConfig: { enabled: true, ...(seconds !== undefined && { fastForwardConfig: upTo(seconds) }) },
    },
    updateMask: { paths: ['time_skipping_config'] },
  });
}

function upTo(seconds: number): NonNullable<TimeSkipping['fastForwardConfig']> {
  return { id: `for ${seconds} s`, duration: { seconds: seconds as never } };
}
