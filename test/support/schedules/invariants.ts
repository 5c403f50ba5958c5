import { Violation } from './explore.ts';
import { names, type Rows } from './rows.ts';
import type { History, Scenario } from './world.ts';

/** What holds in every state. */
export function checkRows({ send: sends, fact }: Rows, history: History, scenario: Scenario): void {
  const [send] = sends;
  const facts = fact.map(({ what }) => what);
  const has = (what: string) => facts.includes(what);
  insist(sends.length <= 1, 'an email has one record');
  if (send && ['accepted', 'refused', 'unknown'].includes(send.state)) {
    const what = send.state === 'accepted' ? 'sent' : send.state;
    insist(has(what), `an email that is ${send.state} has the fact that says so`);
  }
  insist(!send?.doubt || send.state === 'claimed', 'only an email with a claim is in doubt');
  const doubtHasFact = fact.some(({ id }) => id === `in_doubt/${names.tag}/${send?.claim}`);
  insist(!send?.doubt || doubtHasFact, 'a claim in doubt has its fact');
  insist(history.decided.length === 0 || has('doubt_decided'), 'a decision has its fact');
  insist(
    duplicates(history) <= allowedDuplicates(send, history, scenario),
    'an email is not sent twice without a reason',
  );
}

const taken = ({ calls }: History) => calls.filter(({ takes }) => takes).length;
const duplicates = (history: History) => taken(history) - 1;

/** An operator said so, or a transactional email was repeated and is marked. */
function allowedDuplicates(send: Rows['send'][number] | undefined, { decided }: History, scenario: Scenario): number {
  const repeats = scenario.class === 'transactional' ? (send?.repeats ?? 0) : 0;
  return repeats + decided.filter((decision) => decision === 'send').length;
}

/** What a step may change. */
export function checkStep({ send: [before] }: Rows, { send: [after] }: Rows): void {
  if (!before) return;
  insist(after !== undefined, 'a record is never deleted');
  if (before.state === 'accepted') {
    insist(after.state === 'accepted', 'accepted is never overwritten');
    insist(!before.provider_id || after.provider_id === before.provider_id, 'a known provider id stays');
  }
  if (before.state === 'refused' || before.state === 'unknown')
    insist([before.state, 'accepted'].includes(after.state), 'an email that has ended stays ended, or was accepted');
}

/** What an attempt returns is true. */
export function checkOutcome(outcome: string, { fact }: Rows, history: History): void {
  const has = (what: string) => fact.some((each) => each.what === what);
  if (outcome === 'sent') insist(taken(history) > 0, 'an email that was never accepted does not end as sent');
  if (outcome === 'unknown')
    insist(has('unknown') || has('sent'), 'an email that ends unknown has the fact that says why');
  if (outcome === 'EmailRefused') insist(has('refused'), 'an email that ends refused has the fact that says why');
  if (outcome === 'no_consent' || outcome === 'suppressed' || outcome === 'MissingData')
    insist(has('not_sent'), 'an email that is not sent has the fact that says why');
}

/** What holds once the rest has happened without faults: the last attempt ended like this. */
export function checkEnd(outcome: string, { send: [send] }: Rows, history: History, scenario: Scenario): void {
  insist(send?.state !== 'claimed', 'no claim is left behind');
  insist(!send?.doubt, 'no doubt is left behind');
  const { calls, optedOutAt, decided, diedClaimed } = history;
  const isTruthful = scenario.feed === 'truthful';
  if (outcome === 'sent') insist(send?.state === 'accepted', 'an email that is sent is accepted in the ledger');
  else if (isTruthful) insist(taken(history) === 0, 'an email that the feed reported ends as sent');
  if (outcome === 'no_consent' || outcome === 'suppressed') {
    insist(optedOutAt !== undefined, 'an email is stopped by an opt-out alone');
    insist(taken(history) === 0, 'an email that was sent does not end as not sent');
  }
  if (outcome === 'EmailRefused')
    insist(
      calls.some(({ answer }) => answer === 'refused'),
      'an email is refused by the provider alone',
    );
  if (outcome === 'unknown') {
    const last = calls.at(-1);
    const mayHaveBeenSent = last ? last.takes || last.answer === 'not taken, answer lost' : diedClaimed;
    const dayPassed =
      scenario.environment.includes('day') ||
      scenario.rows().send.some(({ doubt }) => doubt !== null && doubt.since > 24);
    const gaveUp = decided.includes('give_up') || !isTruthful || dayPassed;
    // A transactional email in doubt is not repeated to a suppressed address: it ends before the doubt does.
    const isStopped = scenario.class === 'transactional' && optedOutAt !== undefined;
    insist(
      isStopped || (gaveUp && (mayHaveBeenSent || diedClaimed)),
      'an email ends unknown only if it may have been sent',
    );
  }
  if (isTruthful && duplicates(history) > 0)
    insist(history.noticedTwice > 0, 'an email that was sent twice is noticed');
}

function insist(holds: boolean, invariant: string): asserts holds {
  if (!holds) throw new Violation(`violated: ${invariant}`);
}
