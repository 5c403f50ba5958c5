import type { temporal } from '@temporalio/proto';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** What Temporal Cloud bills for one run, as far as its history shows it. */
export interface Actions {
  start: number;
  /** Regular activities, each attempt that began counted. */
  activities: number;
  /** Workflow tasks in which at least one local activity ended. */
  localActivities: number;
  timers: number;
  signals: number;
  searchAttributes: number;
  all: number;
}

/**
 * Counts the Actions of one run. Heartbeats and queries are Actions too; no history holds them. An activity that failed and
 * was tried again shows its attempts in the event that says it began, which is written when it ends.
 */
export function actionsIn(history: readonly HistoryEvent[]): Actions {
  const retries = (event: HistoryEvent) => Math.max(0, (event.activityTaskStartedEventAttributes?.attempt ?? 1) - 1);
  const count = (has: (event: HistoryEvent) => unknown) => history.filter(has).length;
  const counts = {
    start: count((event) => event.workflowExecutionStartedEventAttributes),
    activities:
      count((event) => event.activityTaskScheduledEventAttributes) +
      history.reduce((sum, event) => sum + retries(event), 0),
    localActivities: new Set(history.flatMap(localActivityTask)).size,
    timers: count((event) => event.timerStartedEventAttributes),
    signals: count((event) => event.workflowExecutionSignaledEventAttributes),
    searchAttributes: count((event) => event.upsertWorkflowSearchAttributesEventAttributes),
  };
  return { ...counts, all: Object.values(counts).reduce((sum, number) => sum + number, 0) };
}

/** The names of the regular activities that a run asked for, in order. */
export function activitiesIn(history: readonly HistoryEvent[]): string[] {
  return history.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled ? [scheduled.activityType?.name ?? ''] : [],
  );
}

/** The workflow task that a marker of a local activity belongs to: all of one task are billed as one. */
function localActivityTask({ markerRecordedEventAttributes: marker }: HistoryEvent): string[] {
  return marker?.markerName === 'core_local_activity' ? [String(marker.workflowTaskCompletedEventId)] : [];
}
