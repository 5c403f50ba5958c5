import { setTimeout as sleep } from 'node:timers/promises';

import { type Client, WorkflowNotFoundError } from '@temporalio/client';

import { fetchHistory } from '../../runtime/data-converter.ts';
import type { Decision } from '../../store/entries.ts';
import { prepare } from '../../templates/catalogue.ts';
import type { CompiledTemplate } from '../../templates/compiled.ts';
import { parseReference } from '../../templates/reference.ts';
import { render } from '../../templates/render.ts';
import { sampleLinks } from '../../templates/sample-links.ts';
import { saidBy, type SendInHistory, sendsIn } from '../sends-in-history.ts';
import { skipTime } from '../skip-time.ts';
import type { Seed } from './compose-seeds.ts';
import type { HeardFeedback } from './hear-feedback.ts';

/** What a step of the way of one seed was, and whether it is as it should be. */
export interface Step {
  what: 'emission' | 'rules' | 'run' | 'rendering' | 'delivery' | 'feedback';
  well: boolean;
  says: string;
}

export interface Servers {
  client: Client;
  /** Publishes, and says where the event lies. */
  publish(event: Seed['event']): Promise<string>;
  decision(event: string): Promise<Decision | undefined>;
  template(name: string, version: string): Promise<CompiledTemplate | undefined>;
  feedback: HeardFeedback;
  /** How long each thing may take, ms. */
  patienceMs: number;
}

/** Takes one seed through the journey, passing over its waits. */
export async function runSeed(servers: Servers, seed: Seed): Promise<Step[]> {
  const { client, patienceMs } = servers;
  const where = await servers.publish(seed.event);
  const emitted: Step = { what: 'emission', well: true, says: `${seed.event.event_type} published to ${where}` };

  const decision = await within(patienceMs, () => servers.decision(seed.event.event_id));
  if (!decision) {
    return [emitted, { what: 'rules', well: false, says: 'no ingress has taken the event in: does one run?' }];
  }
  const rules = { what: 'rules' as const, well: decision.enters === true, says: rulesSay(decision) };
  if (!rules.well) return [emitted, rules];

  const handle = client.workflow.getHandle(seed.event.event_id);
  const started = await within(patienceMs, () => handle.describe().then(() => true, unlessNotFound));
  if (!started) return [emitted, rules, { what: 'run', well: false, says: 'ingress has not started it in time' }];
  const skips = await skipTime(client, handle.workflowId);
  const status = await within(patienceMs, async () => {
    const { status: now } = await handle.describe();
    return now.name === 'RUNNING' ? undefined : now.name;
  });
  const { events = [] } = await fetchHistory(client, handle.workflowId);
  const sends = [...sendsIn(events ?? []).values()].filter(({ result }) => result?.outcome !== 'deferred');
  const failed = (events ?? []).at(-1)?.workflowExecutionFailedEventAttributes?.failure;
  if (status === undefined) await handle.cancel().catch(() => undefined); // a seed's journey has nobody to wait for
  const run = { what: 'run' as const, ...runSays(status, skips, failed ? saidBy(failed) : undefined) };
  if (status === 'COMPLETED') run.says += `: ${JSON.stringify(await handle.result())}`;
  const mails: Step[] = [];
  for (const send of sends) mails.push(...(await stepsOf(servers, seed, send)));
  if (sends.length === 0) mails.push({ what: 'rendering', well: false, says: 'the journey sent no mail' });
  return [emitted, rules, ...mails, run];
}

/** Ingress records its decision before it starts the run. */
function unlessNotFound(error: unknown): undefined {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

function rulesSay({ journey, enters, because, why }: Decision): string {
  if (journey === undefined) return 'events of this type start nothing';
  return enters ? `entered ${journey}` : `did not enter ${journey} (${because}): ${why ?? ''}`;
}

function runSays(status: string | undefined, skips: boolean, failure: string | undefined) {
  if (failure !== undefined) return { well: false, says: `failed: ${failure}` };
  if (status !== undefined) return { well: status === 'COMPLETED', says: `${status.toLowerCase()}, its waits skipped` };
  const why = skips
    ? 'it did not end in time; it was cancelled'
    : 'this Temporal cannot skip time: cancelled at its first wait';
  return { well: !skips, says: why };
}

async function stepsOf(
  servers: Servers,
  seed: Seed,
  { template: name, result, failure }: SendInHistory,
): Promise<Step[]> {
  if (!result) return [{ what: 'delivery', well: false, says: `${name}: ${failure}` }];
  const { outcome, version = '', message_id: id = '' } = result;
  const rendered = await renderingOf(servers, seed, name, version);
  const delivery: Step = { what: 'delivery', well: outcome === 'sent', says: `${name}: ${outcome} ${id}`.trimEnd() };
  if (outcome !== 'sent') return [rendered, delivery];
  const told = await within(servers.patienceMs, async () => {
    const types = servers.feedback.of(id);
    return types.some((type) => type !== 'send') ? types : undefined;
  });
  const types = told ?? servers.feedback.of(id);
  const says = types.length > 0 ? types.join(', ') : 'the provider has told nothing of this mail';
  return [rendered, delivery, { what: 'feedback', well: types.includes('delivery'), says: `${name}: ${says}` }];
}

/** The words as this seed has got them, for those who look at the report. */
async function renderingOf(servers: Servers, seed: Seed, reference: string, version: string): Promise<Step> {
  const { name } = parseReference(reference);
  const template = await servers.template(name, version);
  if (!template) return { what: 'rendering', well: false, says: `${name}@${version} is not published` };
  const { subject, locale } = render(prepare(template), seed.person, seed.event.payload, sampleLinks(template));
  return { what: 'rendering', well: true, says: `${name}@${version} (${locale}) "${subject}"` };
}

/** What is found within that time, asking every 50 ms; undefined when nothing is. */
async function within<T>(ms: number, look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(50)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  return undefined;
}
