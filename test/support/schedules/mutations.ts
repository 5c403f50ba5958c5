import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import { MailerError } from '../../../activities/failures.ts';
import type { Sends } from '../../../store/sends.ts';
import type { Effects } from './effects.ts';
import type { ScenarioName } from './scenarios.ts';
import type { Protocol } from './world.ts';

/** A way to break the protocol, where it shows, and which invariant it breaks there. */
export interface Mutation {
  name: string;
  scenario: ScenarioName;
  breaks: string;
  /** The statement, and what of its text becomes what. */
  sql?: readonly [statement: string, from: string, to: string];
  protocol?: Protocol;
}

const feedScenario = 'an inline and a queued attempt, the feed, and an hour';
const diedScenario = 'an attempt that died before its call, and an opt-out';
const twice = 'an email is not sent twice without a reason';

/**
 * Not among them, since no schedule can show them: in `sends-accept` the condition of the update, which only saves a write; in
 * `sends-release` the count of failures, which decides how long the next attempt waits; in `sends-doubt` the claim, for a doubt
 * about an earlier claim is replaced by the next one; in `sends-unsent` the look for a fact of another month; and the number of
 * later reports, which matters where a feed stops in the middle.
 */
export const mutations: readonly Mutation[] = [
  // The claim.
  {
    name: 'the first claim does not compare the version of the person',
    scenario: 'an opt-out',
    breaks: 'after the opt-out',
    sql: [
      'sends-claim',
      'coalesce((SELECT version FROM person WHERE user_id = $5), 0) = $6',
      "$6::bigint IS NOT NULL AND $5 <> ''",
    ],
  },
  {
    name: 'a claim does not compare the version of the address',
    scenario: 'a suppression of a transactional email',
    breaks: 'after the opt-out',
    sql: [
      'sends-claim',
      'coalesce((SELECT sum(version) FROM address WHERE hash = ANY ($7::text[])), 0) = $8',
      '$7::text[] IS NOT NULL AND $8::bigint IS NOT NULL',
    ],
  },
  {
    name: 'the first claim ignores what has changed',
    scenario: 'an opt-out',
    breaks: 'after the opt-out',
    sql: ['sends-claim', "WHERE unchanged AND stopped IS NULL AND $3 = ''", "WHERE stopped IS NULL AND $3 = ''"],
  },
  {
    name: 'the first claim ignores stops',
    scenario: 'a pause',
    breaks: 'claimed while it was paused',
    sql: ['sends-claim', "WHERE unchanged AND stopped IS NULL AND $3 = ''", "WHERE unchanged AND $3 = ''"],
  },
  {
    name: 'a claim over another ignores what has changed',
    scenario: diedScenario,
    breaks: 'after the opt-out',
    sql: ['sends-claim', 'AND unchanged AND stopped IS NULL AND $3', 'AND stopped IS NULL AND $3'],
  },
  {
    name: 'a claim over another ignores stops',
    scenario: 'an attempt that died before its call, and a pause',
    breaks: 'claimed while it was paused',
    sql: ['sends-claim', 'AND unchanged AND stopped IS NULL AND $3', 'AND unchanged AND $3'],
  },
  {
    name: 'a claim takes whatever record there is',
    scenario: feedScenario,
    breaks: 'accepted is never overwritten',
    sql: ['sends-claim', "WHERE send.state = 'released'", ''],
  },
  {
    name: 'an email that was given back is never claimed again',
    scenario: 'an email that was given back',
    breaks: 'the email is stuck',
    sql: ['sends-claim', "WHERE send.state = 'released'", 'WHERE false'],
  },
  {
    name: 'a claim over another does not look whose claim it is',
    scenario: diedScenario,
    breaks: twice,
    sql: ['sends-claim', 'AND send.claim = $3', ''],
  },
  {
    name: 'a claim over another does not look whether the email was accepted',
    scenario: 'an attempt that died after its call',
    breaks: 'accepted is never overwritten',
    sql: ['sends-claim', "AND send.state = 'claimed' AND", 'AND'],
  },
  {
    name: 'a claim over another does not count as a repetition',
    scenario: 'a transactional email that may have been sent',
    breaks: twice,
    sql: ['sends-claim', 'repeats = repeats + $4::int', 'repeats = repeats + 0 * $4::int'],
  },
  {
    name: 'a claim of an email that was given back is as old as the one before',
    scenario: 'an email that was given back',
    breaks: twice,
    sql: [
      'sends-claim',
      "claim = $2, claimed_at = clock_timestamp(), template_version = $14\n  WHERE send.state = 'released'",
      "claim = $2, template_version = $14\n  WHERE send.state = 'released'",
    ],
  },
  {
    name: 'a claim over another is as old as that',
    scenario: 'an attempt that died before its call, and a pause',
    breaks: twice,
    sql: [
      'sends-claim',
      'claimed_at = clock_timestamp(), template_version = $14, doubt',
      'template_version = $14, doubt',
    ],
  },
  // The look, and what stops email.
  {
    name: 'a look does not see the record',
    scenario: 'an attempt that died after its call',
    breaks: 'the email is stuck',
    sql: ['sends-look', '      WHERE tag = $1\n', '      WHERE tag = $1 AND false\n'],
  },
  {
    name: 'a look does not see suppressions',
    scenario: 'a suppression of a transactional email',
    breaks: 'after the opt-out',
    sql: ['sends-look', 'WHERE address_hash = ANY (hashes.of_address)', 'WHERE false'],
  },
  {
    name: 'an opt-out does not move the version of the person',
    scenario: 'an opt-out',
    breaks: 'after the opt-out',
    sql: ['consents-record', 'SET version = version + 1', 'SET version = version'],
  },
  {
    name: 'a suppression does not move the version of the address',
    scenario: 'a suppression of a transactional email',
    breaks: 'after the opt-out',
    sql: ['suppressions-write', 'SET version = version + 1', 'SET version = version'],
  },
  // What becomes of a claim.
  {
    name: 'an acceptance has no fact',
    scenario: feedScenario,
    breaks: 'has the fact that says so',
    sql: ['sends-accept', "WHERE state_before <> 'accepted'", 'WHERE false'],
  },
  {
    name: 'an acceptance leaves the doubt',
    scenario: 'an attempt that died after its call',
    breaks: 'only an email with a claim is in doubt',
    sql: ['sends-accept', 'doubt = NULL, ', ''],
  },
  {
    name: 'an id that was lost overwrites the one that the feed reported',
    scenario: feedScenario,
    breaks: 'a known provider id stays',
    sql: [
      'sends-accept',
      "    provider_id = CASE WHEN coalesce(send.provider_id, '') = '' THEN $2 ELSE send.provider_id END\n  FROM before\n  WHERE send.tag = before.tag AND send.month = before.month\n    AND (before.state <> 'accepted' OR coalesce(before.provider_id, '') = '' OR ($3::boolean AND NOT before.reported))",
      '    provider_id = $2\n  FROM before\n  WHERE send.tag = before.tag AND send.month = before.month',
    ],
  },
  {
    name: 'an email that was sent twice is not noticed',
    scenario: 'a transactional email that may have been sent',
    breaks: 'an email that was sent twice is noticed',
    sql: ['sends-accept', "THEN 'again'", "THEN 'accepted'"],
  },
  {
    name: 'a late report does not correct an email that no one knew about',
    scenario: 'a doubt of more than a day about an email that was sent',
    breaks: 'an email that the feed reported ends as sent',
    sql: [
      'sends-accept',
      'WHERE send.tag = before.tag AND',
      "WHERE before.state = 'claimed' AND send.tag = before.tag AND",
    ],
  },
  {
    name: 'a claim is given back whoever has it',
    scenario: 'a provider that does not take every email',
    breaks: 'the claim of another attempt',
    sql: ['sends-release', "AND state = 'claimed' AND claim = $2", "AND state = 'claimed' AND $2 <> ''"],
  },
  {
    name: 'a claim is given back after the email has ended',
    scenario: 'a doubt of more than a day',
    breaks: 'stays ended',
    sql: ['sends-release', "AND state = 'claimed' AND claim = $2", 'AND claim = $2'],
  },
  {
    name: 'a claim is never given back',
    scenario: 'a feed that reports nothing',
    breaks: 'ends unknown only if it may have been sent',
    sql: ['sends-release', "AND state = 'claimed' AND claim = $2", 'AND claim = $2 AND false'],
  },
  {
    name: 'a claim that is given back leaves the doubt',
    scenario: diedScenario,
    breaks: 'only an email with a claim is in doubt',
    sql: ['sends-release', 'doubt = NULL, ', ''],
  },
  {
    name: 'an attempt ends whatever claim there is',
    scenario: 'a doubt of more than a day',
    breaks: 'the claim of another attempt',
    sql: ['sends-conclude', 'AND claim = $2', "AND $2 <> ''"],
  },
  {
    name: 'an attempt ends an email that was accepted',
    scenario: 'a doubt of more than a day about an email that was sent',
    breaks: 'accepted is never overwritten',
    sql: ['sends-conclude', "AND state = 'claimed' AND", 'AND'],
  },
  {
    name: 'an email ends without a fact',
    scenario: 'a provider that does not take every email',
    breaks: 'has the fact that says',
    sql: ['sends-conclude', '  FROM ended\n  ON CONFLICT', '  FROM ended\n  WHERE false\n  ON CONFLICT'],
  },
  {
    name: 'an email that ends leaves the doubt',
    scenario: 'a doubt of more than a day',
    breaks: 'only an email with a claim is in doubt',
    sql: ['sends-conclude', 'doubt = NULL, ', ''],
  },
  {
    name: 'an email that is not sent has no fact',
    scenario: 'an opt-out',
    breaks: 'has the fact that says why',
    sql: ['sends-unsent', 'WHERE NOT EXISTS', 'WHERE false AND NOT EXISTS'],
  },
  // In doubt.
  {
    name: 'an email that was accepted is noted as in doubt',
    scenario: 'an attempt that died after its call',
    breaks: 'only an email with a claim is in doubt',
    sql: ['sends-doubt', "AND state = 'claimed' AND", 'AND'],
  },
  {
    name: 'a doubt has no fact',
    scenario: 'an attempt that died after its call',
    breaks: 'a claim in doubt has its fact',
    sql: ['sends-doubt', '  FROM known\n  ON CONFLICT', '  FROM known\n  WHERE false\n  ON CONFLICT'],
  },
  {
    name: 'a claim over another keeps the doubt about that, and what was decided about it',
    scenario: 'an operator who wrongly says that it was not sent',
    breaks: 'a claim in doubt has its fact',
    sql: ['sends-claim', 'doubt = NULL,', ''],
  },
  {
    name: 'a decision has no fact',
    scenario: 'an operator who gives up',
    breaks: 'a decision has its fact',
    sql: ['sends-decide', 'FROM decided\n', 'FROM decided WHERE false\n'],
  },
  // The protocol around the statements.
  {
    name: 'the last check is skipped',
    scenario: 'an opt-out',
    breaks: 'long after the opt-out',
    protocol: { mailer: (call) => call(async () => {}) },
  },
  {
    name: 'two executions have one claim id',
    scenario: 'a provider that does not take every email',
    breaks: 'twice under one claim',
    protocol: { attemptId: () => 'attempt' },
  },
  {
    name: 'a renewed claim keeps its id',
    scenario: feedScenario,
    breaks: twice,
    protocol: withSends((sends) => ({
      claim: (email, { id, over, ...rest }) =>
        sends.claim(email, { ...rest, over, id: over !== undefined && id.startsWith(`${over}/`) ? over : id }),
    })),
  },
  {
    name: 'the next attempt does not learn which claims sent nothing',
    scenario: 'a feed that reports nothing',
    breaks: 'ends unknown only if it may have been sent',
    protocol: { leavesUnsent: false },
  },
  {
    name: 'reports of later emails are proof',
    scenario: feedScenario,
    breaks: twice,
    protocol: withFeed((feed) => (feed.laterReported > 0 ? { ...feed, readUntil: Infinity } : feed)),
  },
  {
    name: 'a feed that was read up to the attempt, and not longer, is proof',
    scenario: feedScenario,
    breaks: twice,
    protocol: withFeed((feed) => ({ ...feed, ...(feed.readUntil && { readUntil: feed.readUntil + 3_600_000 }) })),
  },
  {
    name: 'silence is proof',
    scenario: 'a feed that reports nothing',
    breaks: twice,
    protocol: withFeed((feed) => ({ ...feed, laterReported: 3 })),
  },
  {
    name: 'an answer that was lost means that the email was not taken',
    scenario: feedScenario,
    breaks: twice,
    protocol: {
      mailer: (call, lastCheck) =>
        call(lastCheck).catch((error: unknown) => {
          if (error instanceof MailerError) throw new MailerError({ kind: 'unavailable' }, 'no answer');
          throw error;
        }),
    },
  },
  {
    name: 'a call without an answer is made again',
    scenario: feedScenario,
    breaks: 'twice under one claim',
    protocol: {
      mailer: (call, lastCheck) =>
        call(lastCheck).catch((error: unknown) => {
          if (error instanceof MailerError) return call(lastCheck);
          throw error;
        }),
    },
  },
  {
    name: 'an email that ends does not give the decided claim back',
    scenario: diedScenario,
    breaks: 'no claim is left behind',
    protocol: withSends((sends) => ({
      release: (tag, claim, counts) => (claim === 'earlier' ? Promise.resolve(0) : sends.release(tag, claim, counts)),
    })),
  },
  {
    name: 'a deferred email forgets which claims sent nothing',
    scenario: 'a night, and a feed that reports nothing',
    breaks: 'ends unknown only if it may have been sent',
    protocol: { forgetsUnsent: true },
  },
  {
    name: 'an email that cannot be rendered ends without a fact',
    scenario: 'an event that lacks what the template shows',
    breaks: 'has the fact that says why',
    protocol: withSends(() => ({ endUnsent: async () => {} })),
  },
];

function withSends(change: (sends: Sends) => Partial<Sends>): Protocol {
  return {
    change: (deps) => ({
      ...deps,
      store: { ...deps.store, sends: { ...deps.store.sends, ...change(deps.store.sends) } },
    }),
  };
}

type Feed = Awaited<ReturnType<ActivityDependencies['store']['feed']['since']>>;

function withFeed(change: (feed: Feed) => Feed): Protocol {
  return {
    change: (deps) => ({
      ...deps,
      store: {
        ...deps.store,
        feed: { ...deps.store.feed, since: async (at) => change(await deps.store.feed.since(at)) },
      },
    }),
  };
}

/** The effects of the statements, one of them broken. Throws when its text does not have what the mutation changes. */
export function mutated(effects: Effects, { name, sql }: Pick<Mutation, 'name' | 'sql'>): Effects {
  if (!sql) return effects;
  const [statement, from, to] = sql;
  return {
    ...effects,
    run(before, original, values) {
      if (original.name !== statement) return effects.run(before, original, values);
      if (original.text.split(from).length !== 2) throw new Error(`${statement}.sql does not have, once: ${from}`);
      return effects.run(
        before,
        { name: `${statement}, ${name}`.slice(0, 63), text: original.text.replace(from, () => to) },
        values,
      );
    },
  };
}
