import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Judgement } from '../activities/apply-feedback.ts';
import type { RecipientFeedback } from '../events/recipient-feedback.ts';
import { endTimeout, judge, unknownRecipient } from '../workflows/recipient-policy.ts';

// What each event of SES leads to stands in docs/feedback-table.md; here is what holds for every sequence of them.

const monday = 1_760_000_000_000;
const day = 86_400_000;

let ids = 0;
const soft = (at: number): RecipientFeedback => ({
  id: `soft-${ids++}`,
  at,
  kind: 'bounce',
  type: 'transient',
  sub_type: 'General',
});

const piece: fc.Arbitrary<RecipientFeedback> = fc
  .record({ id: fc.string({ minLength: 6, maxLength: 8 }), at: fc.integer({ min: monday, max: monday + 60 * day }) })
  .chain((origin) =>
    fc
      .oneof(
        fc.record({
          kind: fc.constant('bounce' as const),
          type: fc.constantFrom('permanent' as const, 'transient' as const, 'undetermined' as const),
          sub_type: fc.constantFrom('General', 'NoEmail', 'MailboxFull', 'Suppressed', 'ContentRejected', 'Unheard'),
          status: fc.constantFrom('5.1.1', '5.7.1', '5.4.4', '4.4.7'),
        }),
        fc.record({
          kind: fc.constant('complaint' as const),
          type: fc.constantFrom('abuse', 'not-spam', 'auth-failure'),
        }),
        fc.constant({ kind: 'reached' as const }),
      )
      .map((said) => ({ ...origin, ...said })),
  );

/** Applies one batch after another, as the workflow does. */
function applied(batches: RecipientFeedback[][]): { last: Judgement; reasons: Set<string> } {
  const reasons = new Set<string>();
  let last = judge(unknownRecipient, []);
  for (const batch of batches) {
    last = judge(last.state, batch);
    for (const { reason } of last.suppress) reasons.add(reason);
    for (const reason of last.lift) reasons.delete(reason);
  }
  return { last, reasons };
}

describe('whatever comes back about an address', () => {
  it('never lifts a suppression: only time and an operator do', () => {
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(judge(unknownRecipient, pieces).lift).toEqual([]);
      }),
    );
  });

  it('counts once, however often and in whatever batches it comes', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 1, max: 7 }), (pieces, size) => {
        const unique = [...new Map(pieces.map((each) => [each.id, each])).values()];
        const batches = Array.from({ length: Math.ceil(unique.length / size) }, (_, at) =>
          unique.slice(at * size, (at + 1) * size),
        );
        const once = applied([unique]);
        const again = applied([...batches, unique, ...batches]);
        expect(again.last.state).toEqual(once.last.state);
        expect(again.reasons).toEqual(once.reasons);
      }),
    );
  });

  it('leaves what was known before as it was: a judgement is a new thing', () => {
    const known = Object.freeze({ ...unknownRecipient, seen: Object.freeze([]) as unknown as string[] });
    judge(known, [soft(monday), soft(monday + day)]);
    expect(known.softBounces).toBe(0);
  });

  it.each(['5.1.0', '5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10'])(
    'is about the address when its status is %s, whatever SES calls it',
    (status) => {
      for (const type of ['permanent', 'transient', 'undetermined'] as const) {
        const judged = judge(unknownRecipient, [
          { id: type, at: monday, kind: 'bounce', type, sub_type: 'General', status },
        ]);
        expect(judged).toMatchObject({ suppress: [{ reason: 'hard_bounce' }], stop: [{}], alerts: [] });
      }
    },
  );

  it('is about the address when a 5.7.1 says that there is no such user, and about the sender with any other 5.7', () => {
    const judged = (status: string, more: object) =>
      judge(unknownRecipient, [
        { id: status, at: monday, kind: 'bounce', type: 'permanent', sub_type: 'General', status, ...more },
      ]);
    expect(judged('5.7.1', { unknown_user: true })).toMatchObject({
      suppress: [{ reason: 'hard_bounce' }],
      alerts: [],
    });
    expect(judged('5.7.1', {})).toMatchObject({ suppress: [], alerts: ['policy_block'] });
    expect(judged('5.7.26', { unknown_user: true })).toMatchObject({ suppress: [], alerts: ['policy_block'] });
  });

  it('says nothing about the policy of a receiver, nor about content, that would suppress the person', () => {
    for (const type of ['permanent', 'transient', 'undetermined'] as const) {
      const block = judge(unknownRecipient, [
        { id: type, at: monday, kind: 'bounce', type, sub_type: 'General', status: '5.7.26' },
      ]);
      expect(block).toMatchObject({ suppress: [], stop: [], alerts: ['policy_block'], state: { softBounces: 0 } });
    }
  });
});

describe('weeks of soft bounces', () => {
  const fortnight = (from: number) => Array.from({ length: 5 }, (_, index) => soft(from + (index * 14 * day) / 4));

  it('suppress for 30 days, twice, and the third time for good, with no timer that would lift it', () => {
    let { state } = judge(unknownRecipient, []);
    const untils: (number | undefined)[] = [];
    for (let time = 0; time < 3; time++) {
      const judgement = judge(state, fortnight(monday + time * 50 * day));
      untils.push(judgement.suppress[0]?.until);
      state = judgement.state;
      if (time < 1) state = endTimeout(state, monday + 48 * day).state;
    }
    const ends = [0, 1].map((time) => monday + time * 50 * day + 44 * day);
    expect(untils).toEqual([...ends, undefined]);
    expect(state.suppressedUntil).toBeUndefined();
  });

  it('do nothing when they all came in one day, however many', () => {
    const flood = Array.from({ length: 1_000 }, (_, index) => soft(monday + index * 1_000));
    expect(judge(unknownRecipient, flood).suppress).toEqual([]);
  });

  it('are counted right when they come in the wrong order', () => {
    expect(judge(unknownRecipient, fortnight(monday).toReversed()).state.softSince).toBe(monday);
  });
});
