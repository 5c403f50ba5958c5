import { workflowInfo } from '@temporalio/workflow';

/**
 * What the worker calls its code in every workflow task that it completes: the history remembers it, at no cost. The number
 * goes up when the library's own steps change, so that a run lives through what an older worker did as that worker did it.
 */
export const buildId = 'rivulet-2';

/** The number in `buildId`, of the worker that has, or had, this turn. Histories from before there was a build id of ours count as 1. */
export function generationOfThisTurn(): number {
  // Deterministic: on a replay it is what the history says of this turn. The field that is to replace it is empty without
  // worker versioning.
  const [, number] = /^rivulet-(\d+)$/.exec(workflowInfo().currentBuildId ?? '') ?? [];
  return Number(number ?? 1);
}
