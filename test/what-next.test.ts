import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { defaultPayloadConverter } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { temporal } from '@temporalio/proto';
import { beforeAll, describe, expect, it } from 'vitest';

import { routes } from '../ingress/routes.ts';
import { timeOf } from '../simulation/past.ts';
import { type Next, whatNext } from '../simulation/what-next.ts';
import { bundleWith } from './support/changed-onboarding.ts';
import { sharedWorkflowBundle } from './support/workflow-bundle.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const folder = fileURLToPath(new URL('histories', import.meta.url));
let today: { code: string };
beforeAll(async () => {
  today = await sharedWorkflowBundle();
}, 60_000);

function recorded(name: string): HistoryEvent[] {
  return historyFromJSON(JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8'))).events ?? [];
}

/** Every wait of every recorded journey that nothing unforeseen cut short: what was before it, and what came of it. */
function waits() {
  const files = Object.values(routes).flatMap(({ starts }) =>
    readdirSync(`${folder}/${starts}`).map((file) => `${starts}/${file}`),
  );
  return files.flatMap((file) => {
    const name = file.replace(/\.json$/, '');
    const events = recorded(name);
    return events.flatMap(({ timerFiredEventAttributes: fired }, index) => {
      const came = fired && whatCame(events.slice(index));
      return came ? [{ where: `${name} at event ${index + 1}`, name, past: events.slice(0, index), came }] : [];
    });
  });
}

/** The next mail or the end, as it really was; undefined when something else happened first. */
function whatCame(events: readonly HistoryEvent[]): Next | undefined {
  for (const event of events) {
    const { activityTaskScheduledEventAttributes: asked, workflowExecutionCompletedEventAttributes: end } = event;
    if (event.workflowExecutionSignaledEventAttributes ?? event.workflowExecutionCancelRequestedEventAttributes) break;
    if (asked?.activityType?.name === 'sendEmail')
      return { mail: (first(asked.input) as { template: string }).template, at: timeOf(event) };
    const inline = sentInline(event);
    if (inline?.template !== undefined) return { mail: inline.template, at: timeOf(event) };
    if (end) return { ends: first(end.result) as string, at: timeOf(event) };
  }
  return undefined;
}

/** What an inline attempt returned, from its marker. */
function sentInline({ markerRecordedEventAttributes: marker }: HistoryEvent): { template?: string } | undefined {
  const about = marker?.markerName === 'core_local_activity' ? first(marker.details?.['data']) : undefined;
  if ((about as { activity_type?: string } | undefined)?.activity_type !== 'sendEmailInline') return undefined;
  return first(marker?.details?.['result']) as { template?: string };
}

function first(of: temporal.api.common.v1.IPayloads | null | undefined): unknown {
  return defaultPayloadConverter.fromPayload(of?.payloads?.[0] ?? {});
}

describe('what a run does next', () => {
  it('is what recorded runs did next, at each of their waits', async () => {
    const all = waits();
    expect(all.length).toBeGreaterThan(20);
    for (const { where, name, past, came } of all) {
      const next = await whatNext(today, name, past);
      const at = 'at' in came ? came.at : 0;
      expect(next, where).toEqual({ ...came, at: expect.toSatisfy((value: number) => Math.abs(value - at) < 2_000) });
    }
  });

  it('is by new code from where the run stands, also when its turn is due and no worker has run it', async () => {
    const guarded = await bundleWith('guarded');
    const events = recorded('onboarding/dormant');
    const untilDue = events.findIndex(({ timerFiredEventAttributes }) => timerFiredEventAttributes) + 1;
    for (const past of [events.slice(0, 2), events.slice(0, untilDue - 1), events.slice(0, untilDue)])
      expect(await whatNext(guarded, 'ada', past)).toMatchObject({ mail: 'invite-team' });
  });

  it('knows what has come while no worker ran', async () => {
    const events = recorded('onboarding/activated-on-day-2');
    const untilHeard = events.findIndex((event) => event.workflowExecutionSignaledEventAttributes) + 1;
    expect(await whatNext(today, 'ada', events.slice(0, untilHeard - 1))).toMatchObject({ mail: 'invite-team' });
    expect(await whatNext(today, 'ada', events.slice(0, untilHeard))).toMatchObject({ ends: 'activated' });
  });

  it('is at the hours of the place that the past has told of', async () => {
    const events = recorded('trial-ending/extended');
    const untilHeard = events.findIndex((event) => event.workflowExecutionSignaledEventAttributes) + 1;
    const asRecorded = await whatNext(today, 'ada', events.slice(0, untilHeard));
    const threeHoursWest = { zone: [[0, -3 * 3_600_000]] };
    for (const { markerRecordedEventAttributes: marker } of events) {
      const [about] = marker?.details?.['data']?.payloads ?? [];
      if (!about || !JSON.stringify(defaultPayloadConverter.fromPayload(about)).includes('describePerson')) continue;
      marker!.details!['result'] = { payloads: [defaultPayloadConverter.toPayload(threeHoursWest)] };
    }
    const elsewhere = await whatNext(today, 'ada', events.slice(0, untilHeard));
    expect(asRecorded).toMatchObject({ mail: 'trial-ends-soon' });
    expect('at' in elsewhere && 'at' in asRecorded && elsewhere.at - asRecorded.at).toBe(3 * 3_600_000);
  });
});
