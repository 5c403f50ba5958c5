import type { Client } from '@temporalio/client';
import { type temporal } from '@temporalio/proto';

/** Why a run's send waits, as Temporal shows it, and for how long. */
export interface Waiting {
  type: string;
  message: string;
  /** Until the next try, in milliseconds. */
  forMs: number;
}

/** What the send of this run waits for now; undefined while it is tried for the first time, or when it has ended. */
export async function waitOf(client: Client, runId: string): Promise<Waiting | undefined> {
  const { raw } = await client.workflow.getHandle(runId).describe();
  const send = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'sendEmail');
  const type = typeOf(send?.lastFailure);
  if (type === undefined) return undefined;
  const { seconds, nanos } = send?.currentRetryInterval ?? {};
  return { type, message: send?.lastFailure?.message ?? '', forMs: Number(seconds ?? 0) * 1_000 + (nanos ?? 0) / 1e6 };
}

/** What the send of this run waited for last, once it has ended; undefined when its first try did. */
export async function lastWaitOf(client: Client, runId: string): Promise<string | undefined> {
  const { events } = await client.workflow.getHandle(runId).fetchHistory();
  const sends = (events ?? [])
    .filter(({ activityTaskScheduledEventAttributes: of }) => of?.activityType?.name === 'sendEmail')
    .map(({ eventId }) => Number(eventId));
  const started = (events ?? [])
    .map((event) => event.activityTaskStartedEventAttributes)
    .find((of) => of && sends.includes(Number(of.scheduledEventId)));
  return typeOf(started?.lastFailure);
}

/** Has the send of this run tried again now, whatever it waits for. */
export async function tryNow(client: Client, runId: string): Promise<void> {
  const { namespace } = client.options;
  await client.workflowService.resetActivity({
    namespace,
    execution: { workflowId: runId },
    type: 'sendEmail',
    identity: 'test',
  });
}

/** Whether the run has been started. */
export function begun(client: Client, runId: string): Promise<boolean> {
  return client.workflow
    .getHandle(runId)
    .describe()
    .then(
      () => true,
      () => false,
    );
}

const typeOf = (failure: temporal.api.failure.v1.IFailure | null | undefined) =>
  failure?.applicationFailureInfo?.type ?? undefined;
