import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { normalise } from '../../ingress/feedback/normalise.ts';
import type { Store } from '../../store/store.ts';
import { messageKey, messageTag } from '../../store/message-key.ts';
import { person, signedUp } from '../support/events.ts';
import { markdownTable } from '../support/markdown-table.ts';
import { envelope, sesEvent } from '../support/ses-events.ts';
import { type ProductProcess, startSystem, type System } from '../support/system.ts';

let system: System;
let store: Store;
let worker: ProductProcess;
let ingress: ProductProcess;
/** How many pieces of feedback were published so far. */
let published = 0;

beforeAll(async () => {
  system = await startSystem(inject('servers'), { feed: false });
  ({ store } = system);
  [ingress, worker] = await Promise.all([system.startIngress(), system.startWorker()]);
});
afterAll(() => system.stop());

interface About {
  to: string;
  tag: string;
  at?: number;
}

/** What SES says about the welcome mail of somebody; each line of the table is about another person. */
const says: [what: string, feedback: (about: About) => object[]][] = [
  ['Send', (about) => [sesEvent.send(about)]],
  ['Delivery', (about) => [sesEvent.delivery(about)]],
  ['Bounce Permanent General, 5.1.1', (about) => [sesEvent.bounce(about, 'Permanent', 'General', '5.1.1')]],
  ['Bounce Permanent General, no status', (about) => [sesEvent.bounce(about, 'Permanent', 'General')]],
  ['Bounce Permanent NoEmail', (about) => [sesEvent.bounce(about, 'Permanent', 'NoEmail', '5.1.1')]],
  ['Bounce Permanent General, 5.7.26', (about) => [sesEvent.bounce(about, 'Permanent', 'General', '5.7.26')]],
  [
    'Bounce Permanent General, 5.7.1, "User unknown"',
    (about) => [sesEvent.bounce(about, 'Permanent', 'General', '5.7.1')],
  ],
  ['Bounce Permanent Suppressed', (about) => [sesEvent.bounce(about, 'Permanent', 'Suppressed')]],
  [
    'Bounce Permanent OnAccountSuppressionList',
    (about) => [sesEvent.bounce(about, 'Permanent', 'OnAccountSuppressionList')],
  ],
  [
    'Bounce Permanent OnTenantSuppressionList',
    (about) => [sesEvent.bounce(about, 'Permanent', 'OnTenantSuppressionList')],
  ],
  [
    'Bounce Permanent EmailValidationSuppressed',
    (about) => [sesEvent.bounce(about, 'Permanent', 'EmailValidationSuppressed')],
  ],
  ['Bounce Permanent UnsubscribedRecipient', (about) => [sesEvent.bounce(about, 'Permanent', 'UnsubscribedRecipient')]],
  ['Bounce Transient General, 4.4.7', (about) => [sesEvent.bounce(about, 'Transient', 'General', '4.4.7')]],
  ['Bounce Transient General, 5.1.1', (about) => [sesEvent.bounce(about, 'Transient', 'General', '5.1.1')]],
  ['Bounce Transient MailboxFull', (about) => [sesEvent.bounce(about, 'Transient', 'MailboxFull', '4.2.2')]],
  ['Bounce Transient CustomTimeoutExceeded', (about) => [sesEvent.bounce(about, 'Transient', 'CustomTimeoutExceeded')]],
  ['Bounce Transient General, 5.4.4, once', (about) => [sesEvent.bounce(about, 'Transient', 'General', '5.4.4')]],
  ['the same, twice', (about) => [0, 1].map(() => sesEvent.bounce(about, 'Transient', 'General', '5.4.4'))],
  [
    'the same, with a Delivery between',
    (about) => [
      sesEvent.bounce({ ...about, at: ago(3) }, 'Transient', 'General', '5.4.4'),
      sesEvent.delivery({ ...about, at: ago(2) }),
      sesEvent.bounce({ ...about, at: ago(1) }, 'Transient', 'General', '5.4.4'),
    ],
  ],
  ['Bounce Transient MessageTooLarge', (about) => [sesEvent.bounce(about, 'Transient', 'MessageTooLarge', '5.3.4')]],
  ['Bounce Transient ContentRejected', (about) => [sesEvent.bounce(about, 'Transient', 'ContentRejected', '5.6.0')]],
  ['Bounce Transient AttachmentRejected', (about) => [sesEvent.bounce(about, 'Transient', 'AttachmentRejected')]],
  ['Bounce Undetermined', (about) => [sesEvent.bounce(about, 'Undetermined', 'Undetermined')]],
  ['5 soft bounces within 13 days', (about) => softBounces(about, 5, 13)],
  ['4 soft bounces within 20 days', (about) => softBounces(about, 4, 20)],
  ['5 soft bounces within 14 days', (about) => softBounces(about, 5, 14)],
  [
    '5 within 14 days, a Delivery among them',
    (about) => softBounces(about, 5, 14, (between) => sesEvent.delivery(between)),
  ],
  [
    '5 within 14 days, a click of a person among them',
    (about) => softBounces(about, 5, 14, (between) => sesEvent.click(between, 'Unlikely')),
  ],
  [
    '5 within 14 days, a click of a machine among them',
    (about) => softBounces(about, 5, 14, (between) => sesEvent.click(between, 'Likely')),
  ],
  ['a soft bounce every day for 45 days', (about) => softBounces(about, 46, 45)],
  ['Complaint, unspecified', (about) => [sesEvent.complaint(about)]],
  ['Complaint abuse', (about) => [sesEvent.complaint(about, 'abuse')]],
  ['Complaint fraud', (about) => [sesEvent.complaint(about, 'fraud')]],
  ['Complaint virus', (about) => [sesEvent.complaint(about, 'virus')]],
  ['Complaint other', (about) => [sesEvent.complaint(about, 'other')]],
  [
    'Complaint OnAccountSuppressionList',
    (about) => [sesEvent.complaint(about, undefined, [about.to], 'OnAccountSuppressionList')],
  ],
  ['Complaint not-spam', (about) => [sesEvent.complaint(about, 'not-spam')]],
  ['Complaint auth-failure', (about) => [sesEvent.complaint(about, 'auth-failure')]],
  ['Reject', (about) => [sesEvent.reject(about)]],
  ['Rendering Failure', (about) => [sesEvent.renderingFailure(about)]],
  ['DeliveryDelay TransientCommunicationFailure', (about) => [sesEvent.delay(about, 'TransientCommunicationFailure')]],
  ['DeliveryDelay SpamDetected', (about) => [sesEvent.delay(about, 'SpamDetected')]],
  ['Open, unspecified', (about) => [sesEvent.open(about)]],
  ['Open, isBotEvent Likely', (about) => [sesEvent.open(about, 'Likely')]],
  ['Click, isBotEvent Unlikely', (about) => [sesEvent.click(about, 'Unlikely')]],
  ['Subscription, leaving `onboarding`', (about) => [sesEvent.subscription(about, ['onboarding'])]],
  ['Subscription, leaving everything', (about) => [sesEvent.subscription(about, [], true)]],
  ['a type that nobody knows', (about) => [{ ...sesEvent.send(about), eventType: 'Teleported' }]],
  ['Bounce without its block', (about) => [{ ...sesEvent.bounce(about, 'Permanent', 'General'), bounce: null }]],
  ['Bounce in an SNS message', (about) => [envelope.sns(sesEvent.bounce(about, 'Permanent', 'General', '5.1.1'))]],
  [
    'Bounce from EventBridge',
    (about) => [envelope.eventBridge(sesEvent.bounce(about, 'Permanent', 'General', '5.1.1'))],
  ],
  ['Bounce as Lambda gets it', (about) => [envelope.lambda(sesEvent.bounce(about, 'Permanent', 'General', '5.1.1'))]],
  [
    'Bounce of an identity, without tags',
    (about) => [envelope.identity(sesEvent.bounce(about, 'Permanent', 'General', '5.1.1'))],
  ],
  ['Complaint of an identity, without tags', (about) => [envelope.identity(sesEvent.complaint(about, 'abuse'))]],
  ['Delivery of an identity, without tags', (about) => [envelope.identity(sesEvent.delivery(about))]],
];

const day = 86_400_000;
const ago = (minutes: number) => Date.now() - minutes * 60_000;

/** So many over so many days; `between` makes what comes before the last of them. */
function softBounces(about: About, count: number, days: number, between?: (about: About) => object): object[] {
  const first = Date.now() - days * day;
  const at = (index: number) => first + Math.round((index * days * day) / (count - 1));
  const bounces: object[] = Array.from({ length: count }, (_, index) =>
    sesEvent.bounce({ ...about, at: at(index) }, 'Transient', 'General', '4.4.7'),
  );
  return between ? bounces.toSpliced(count - 1, 0, between({ ...about, at: at(count - 1.5) })) : bounces;
}

/** One line: somebody is welcomed, SES says this, and this is what there is then. */
async function line([what, feedback]: (typeof says)[number]): Promise<string[]> {
  const ada = person('ada');
  const signup = signedUp(ada);
  await system.publish(signup);
  const run = system.client.workflow.getHandle(signup.event_id);
  const sent = () => system.ses.mailbox.list({ to: ada.email }).length;
  await expect.poll(sent, { timeout: 60_000, interval: 50 }).toBe(1);

  const about = { to: ada.email, tag: messageTag(messageKey(signup.event_id, 'welcome')) };
  const address = store.addressHash(ada.email);
  const deadBefore = await deadLetters();
  for (const event of feedback(about)) {
    const bytes = Buffer.from(JSON.stringify(event));
    await system.publishBytes(bytes, 'marketing.feedback.ses');
    published += normalise(bytes).length;
    await takenIn(address);
  }

  const suppressions = await store.suppressions.of(address);
  const facts = await store.facts.lastOf({ address_hash: address }, 100);
  const optedOut = Object.values(await store.consents.now(ada.user_id)).filter(({ state }) => state === 'revoked');
  const unusable = (await deadLetters()) - deadBefore;
  const whats = facts.map((fact) => fact.what);
  // A cancellation that was asked for takes a turn of the run, and a line of the log its way to here.
  const statusOfRun = async () => (await run.describe()).status.name;
  if (whats.includes('journey_stopped')) await expect.poll(statusOfRun, { timeout: 20_000 }).toBe('CANCELLED');
  const alerts = () =>
    worker
      .output()
      .split('\n')
      .filter((each) => each.includes('"alert"') && each.includes(ada.user_id));
  const expected = whats.filter((each) => alertKinds.has(each)).length;
  await expect.poll(() => alerts().length, { timeout: 20_000 }).toBe(expected);
  const status = await statusOfRun();
  if (status === 'RUNNING') await run.terminate('the test is over');
  return [
    what,
    suppressions
      .map(({ reason, scope, until }) => `${reason}, ${scope}${until === undefined ? '' : ', 30 days'}`)
      .join('; ') || '-',
    optedOut.map(({ topic }) => (topic === '*' ? 'everything' : topic)).join(' ') || '-',
    status === 'RUNNING' ? 'goes on' : status.toLowerCase(),
    told(whats),
    alerts()
      .map((each) => String(JSON.parse(each).alert))
      .join(' ') || (unusable > 0 ? 'kept as a dead letter' : '-'),
  ];
}

/** Facts that somebody is alerted of, by the same name. */
const alertKinds = new Set([
  'policy_block',
  'content_refused',
  'authentication_failure',
  'message_rejected',
  'message_not_rendered',
]);

/** Facts in a row that are the same are told once, with their number. */
function told(whats: string[]): string {
  const runs: [string, number][] = [];
  for (const what of whats) {
    const last = runs.at(-1);
    if (last?.[0] === what) last[1] += 1;
    else runs.push([what, 1]);
  }
  return runs.map(([what, times]) => (times === 1 ? what : `${what} x${times}`)).join(', ') || '-';
}

const deadLetters = async () => (await system.stream.manager.streams.info('MARKETING_DLQ')).state.messages;

/** How many pieces of feedback the ingress has processed. What NATS says waits is a moment behind what was published. */
async function processed(): Promise<number> {
  const page = await (await fetch(`${ingress.url}/metrics`)).text();
  const counts = [...page.matchAll(/^rivulet_feedback_total\{[^}]*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Waits until ingress has processed everything and the run of the address, where there is one, has applied all it was told. */
async function takenIn(address: string): Promise<void> {
  while ((await processed()) < published) await sleep(20);
  const handle = system.client.workflow.getHandle(`recipient/${address}`);
  for (;;) {
    const run = await handle.describe().catch(() => undefined);
    const busy = run?.raw.pendingWorkflowTask ?? (run?.raw.pendingActivities?.length || undefined);
    if (!busy) return;
    await sleep(20);
  }
}

describe('everything that SES tells', () => {
  it('does what docs/feedback-table.md says', async () => {
    const lines: string[][] = [];
    for (const each of says) lines.push(await line(each));
    const columns = [
      'What SES tells',
      'Suppressed',
      'Opted out',
      'The journey',
      'Facts about the person',
      'For somebody to look at',
    ];
    await expect(`# What comes back, and what it does

A test writes this file: \`test/e2e/feedback-table.test.ts\`. Each line is about another person, who has signed up, has been
welcomed and is in the journey \`onboarding\`. The welcome mail is what SES tells about.

${markdownTable(columns, lines)}
`).toMatchFileSnapshot('../../docs/feedback-table.md');
  }, 110_000);
});
