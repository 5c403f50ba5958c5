import type { ActivityDependencies, Templates } from '../activities/dependencies.ts';
import { failPermanently } from '../activities/failures.ts';
import { type Activities, createActivities, type SendRequest } from '../activities/index.ts';
import { createProviderHealth } from '../activities/provider-health.ts';
import { type Attempt, inlinePatienceMs, queuedPatienceMs } from '../activities/send.ts';
import { sendSettings } from '../activities/send-settings.ts';
import type { MailLinks } from '../activities/email-headers.ts';
import type { Config } from '../config/schema.ts';
import { createMemoryStore } from '../store/memory/store.ts';
import type { Store } from '../store/store.ts';
import type { Catalogue } from '../templates/catalogue.ts';
import { parseReference } from '../templates/reference.ts';
import { createFakeSender, type Fault } from './fake-sender.ts';
import { addOutcome } from './outcomes.ts';
import type { CallAttempt, Environment } from './run.ts';
import type { Timeline } from './timeline.ts';
import type { Call } from './turn.ts';

export interface EnvironmentTerms {
  config: Config;
  catalogue: Catalogue;
  timeline: Timeline;
  /** What time it is in the simulation, Unix ms. */
  now: () => number;
  /** What is wrong with the provider now. */
  fault: () => Fault | undefined;
  /** Cancels the simulated run; false when it has ended. */
  cancelRun: ActivityDependencies['cancelRun'];
}

/** What a simulated run has around it. */
export interface SimulatedEnvironment extends Environment {
  store: Store;
  activities: Activities;
}

/** What Rivulet does for itself, beside the journeys. */
const notForJourneys: readonly string[] = [
  'recallRecipient',
  'applyFeedback',
  'syncSuppressions',
] satisfies (keyof Activities)[];

/** The product's own activities, over a store in this process, a fake sender and a virtual clock. */
export function createEnvironment(terms: EnvironmentTerms): SimulatedEnvironment {
  const { config, catalogue, timeline, now, fault, cancelRun } = terms;
  const store = createMemoryStore({ now });
  let current: { call: Call; attempt: CallAttempt } | undefined;

  /** As `attemptOfTemporal` makes it of what Temporal says. The store in this process always answers, so no claim is left. */
  const attemptOf = (request: SendRequest, way: Attempt['way']): Attempt => {
    if (!current) throw new Error('an email is sent by an activity');
    const { call, attempt } = current;
    return {
      id: `${call.id}/${attempt.number}/${attempt.at}`,
      way,
      isFirst: attempt.number === 1,
      patienceMs: way === 'inline' ? inlinePatienceMs : queuedPatienceMs,
      askedForMs: Math.max(0, attempt.at - (request.since ?? request.event.timestamp)),
      unsent: request.unsent ?? [],
      leaveUnsent() {},
    };
  };

  const activities = createActivities({
    store,
    templates: templatesOf(catalogue),
    mailer: createFakeSender(fault, ({ subject }) => {
      const template = current && (current.call.args[0] as SendRequest).template;
      timeline.add(now(), {
        what: 'mail',
        subject,
        ...(template !== undefined && { template: parseReference(template).name }),
      });
    }),
    links,
    attemptOf,
    now,
    wait: async () => {},
    health: createProviderHealth({ store, log: silent, gate: () => 'open' }),
    cancelRun,
    log: silent,
    metrics: { sends: uncounted, duplicates: uncounted, suppressions: uncounted, recipientFacts: uncounted },
    settings: sendSettings(config),
  });

  return {
    store,
    activities,
    names: Object.keys(activities),
    async answer(call, attempt) {
      current = { call, attempt };
      const activity = activityOf(activities, call.type);
      const value = await activity(...call.args);
      addOutcome(timeline, catalogue, attempt.at, call, value);
      return value;
    },
  };
}

function activityOf(activities: Activities, name: string): (...args: unknown[]) => Promise<unknown> {
  if (!Object.hasOwn(activities, name)) {
    const known = Object.keys(activities).join(', ');
    throw failPermanently('MissingData', `there is no activity "${name}"; there are ${known}`);
  }
  if (notForJourneys.includes(name))
    throw failPermanently(
      'MissingData',
      'no journey calls this activity: it belongs to the workflows of Rivulet itself',
    );
  return activities[name as keyof Activities] as (...args: unknown[]) => Promise<unknown>;
}

/** Those of the files. No other is published later, so a missing one is not waited for. */
function templatesOf(catalogue: Catalogue): Templates {
  const names = () => [...catalogue.keys()];
  return {
    names,
    async find(reference) {
      const { name } = parseReference(reference);
      const template = catalogue.get(name);
      if (template) return template;
      throw failPermanently('MissingData', `there is no template "${name}"; there are ${names().join(', ')}`);
    },
  };
}

/** No one is mailed, so these lead nowhere. */
const links: MailLinks = {
  unsubscribe: () => 'https://links.invalid/unsubscribe',
  preferences: () => 'https://links.invalid/preferences',
  confirm: () => 'https://links.invalid/confirm',
};

const silent = { info() {}, warn() {}, error() {} };
const uncounted = { inc() {} };
