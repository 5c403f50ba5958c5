import {
  ActivityFailure,
  CancelledFailure,
  decompileRetryPolicy,
  defaultFailureConverter,
  defaultPayloadConverter,
  type Payload,
  RetryState,
} from '@temporalio/common';
import proto, { type coresdk, type temporal } from '@temporalio/proto';

import type { Answer, Call, Command, Job, Metadata } from './turn.ts';

type Failure = temporal.api.failure.v1.IFailure;
type Duration = { seconds?: unknown; nanos?: number | null };

/** As Temporal's own messages: what happens to a run. */
export function jobsFor(
  jobs: readonly Job[],
  run: { journey: string; workflowId: string; runId: string },
): coresdk.workflow_activation.IWorkflowActivationJob[] {
  return jobs.map((job) => {
    switch (job.kind) {
      case 'start': {
        const { journey: workflowType, workflowId, runId: firstExecutionRunId } = run;
        const args = job.args.map(payload);
        return { initializeWorkflow: { workflowType, workflowId, firstExecutionRunId, attempt: 1, arguments: args } };
      }
      case 'signal':
        return { signalWorkflow: { signalName: job.name, input: job.args.map(payload) } };
      case 'timer_fired':
        return { fireTimer: { seq: job.seq } };
      case 'answered':
        return { resolveActivity: { seq: job.call.seq, isLocal: job.call.local, result: resolution(job) } };
      case 'patch':
        return { notifyHasPatch: { patchId: job.id } };
      case 'cancel':
        return { cancelWorkflow: { reason: job.reason } };
      default:
        return job satisfies never;
    }
  });
}

/** In our words: what a run wants done. */
export function commandsOf({
  successful,
  failed,
}: coresdk.workflow_completion.IWorkflowActivationCompletion): Command[] {
  if (failed) return [{ kind: 'stuck', message: textOf(failed.failure) }];
  return (successful?.commands ?? []).map(commandOf).filter((command) => command !== undefined);
}

/** The query by which Temporal UI asks a run about itself. */
export const metadataQuery = proto.coresdk.workflow_activation.WorkflowActivationJob.create({
  queryWorkflow: { queryId: 'metadata', queryType: '__temporal_workflow_metadata', arguments: [] },
});

/** What a run answers to that; undefined where it cannot, as after an error in its code. */
export function metadataOf({
  successful,
}: coresdk.workflow_completion.IWorkflowActivationCompletion): Metadata | undefined {
  const answer = successful?.commands?.[0]?.respondToQuery?.succeeded?.response;
  if (!answer) return undefined;
  const { currentDetails, definition } = valueOf(answer) as {
    currentDetails: string;
    definition: { signalDefinitions: { name: string; description?: string }[] };
  };
  const signals = definition.signalDefinitions.map(({ name, description = '' }) => [name, description] as const);
  return { story: currentDetails.split('\n').filter(Boolean), signals: new Map(signals) };
}

function commandOf(command: coresdk.workflow_commands.IWorkflowCommand): Command | undefined {
  const { startTimer, scheduleActivity, scheduleLocalActivity, continueAsNewWorkflowExecution: again } = command;
  if (startTimer) {
    const summary = command.userMetadata?.summary;
    const ms = milliseconds(startTimer.startToFireTimeout) ?? 0;
    return { kind: 'timer', seq: startTimer.seq ?? 0, ms, ...(summary && { summary: String(valueOf(summary)) }) };
  }
  if (command.cancelTimer) return { kind: 'cancel_timer', seq: command.cancelTimer.seq ?? 0 };
  if (scheduleActivity) return { kind: 'call', call: callOf(scheduleActivity, false) };
  if (scheduleLocalActivity) return { kind: 'call', call: callOf(scheduleLocalActivity, true) };
  const dropped = command.requestCancelActivity ?? command.requestCancelLocalActivity;
  if (dropped) return { kind: 'cancel_call', seq: dropped.seq ?? 0 };
  if (command.setPatchMarker) return { kind: 'patch', id: command.setPatchMarker.patchId ?? '' };
  if (command.completeWorkflowExecution) {
    const { result } = command.completeWorkflowExecution;
    return { kind: 'completed', result: result ? valueOf(result) : undefined };
  }
  if (command.failWorkflowExecution) return { kind: 'failed', message: textOf(command.failWorkflowExecution.failure) };
  if (command.cancelWorkflowExecution) return { kind: 'cancelled' };
  if (again) {
    const [journey, args] = [again.workflowType ?? '', (again.arguments ?? []).map(valueOf)];
    return { kind: 'continued', journey, args, afterMs: milliseconds(again.backoffStartInterval) ?? 0 };
  }
  // What only others see of a run changes nothing of it.
  if (command.modifyWorkflowProperties ?? command.upsertWorkflowSearchAttributes) return undefined;
  return { kind: 'not_simulated', what: Object.keys(command).find((key) => key !== 'userMetadata') ?? 'a command' };
}

function callOf(
  asked: coresdk.workflow_commands.IScheduleActivity | coresdk.workflow_commands.IScheduleLocalActivity,
  local: boolean,
): Call {
  const scheduleToCloseMs = milliseconds(asked.scheduleToCloseTimeout);
  return {
    seq: asked.seq ?? 0,
    id: asked.activityId ?? '',
    type: asked.activityType ?? '',
    args: (asked.arguments ?? []).map(valueOf),
    local,
    retry: decompileRetryPolicy(asked.retryPolicy) ?? {},
    ...(scheduleToCloseMs !== undefined && { scheduleToCloseMs }),
  };
}

function resolution({ call, answer }: { call: Call; answer: Answer }): coresdk.activity_result.IActivityResolution {
  if ('value' in answer) return { completed: { result: payload(answer.value) } };
  if ('cancelled' in answer) {
    const why = new CancelledFailure('Activity cancelled');
    return { cancelled: { failure: failure(call.local ? why : ofActivity(call, why, RetryState.CANCEL_REQUESTED)) } };
  }
  // A local activity fails with what it threw, a regular one with that as the cause.
  const { error } = answer;
  return { failed: { failure: failure(call.local ? error : ofActivity(call, error as Error, undefined)) } };
}

function ofActivity({ type, id }: Call, cause: Error, retryState: RetryState | undefined): ActivityFailure {
  return new ActivityFailure(
    'Activity task failed',
    type,
    id,
    retryState ?? RetryState.NON_RETRYABLE_FAILURE,
    '',
    cause,
  );
}

function failure(error: unknown): Failure {
  return defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);
}

/** What went wrong first, since that says most, and where in our own code it was thrown. */
function textOf(failure: Failure | null | undefined): string {
  let first = failure;
  while (first?.cause) first = first.cause;
  const where = /\(?((?:\S*\/)?(?:workflows|test)\/\S+:\d+:\d+)/.exec(first?.stackTrace ?? '')?.[1];
  const type = first?.applicationFailureInfo?.type;
  return [
    type && type !== 'Error' ? `${type}: ` : '',
    first?.message || 'no message',
    where ? ` (${where.replace(/.*\/(?=(workflows|test)\/)/, '')})` : '',
  ].join('');
}

function payload(value: unknown): Payload {
  return defaultPayloadConverter.toPayload(value);
}

function valueOf(it: Payload): unknown {
  return defaultPayloadConverter.fromPayload(it);
}

function milliseconds(duration: Duration | null | undefined): number | undefined {
  if (!duration) return undefined;
  return Number(duration.seconds ?? 0) * 1_000 + (duration.nanos ?? 0) / 1e6;
}
