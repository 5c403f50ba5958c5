import type { Fact } from '../../store/facts.ts';
import { when } from '../gate.ts';
import { describeSuppression } from '../suppressions/change.ts';
import type { Known, TopicStanding } from './known.ts';

const mostFacts = 20;

const reasons = {
  no_address: 'no address is known',
  no_consent: 'no consent',
  suppressed: 'the address is suppressed',
};

/** The same in lines for a person to read. */
export function describePerson(known: Known): string[] {
  const { user_id, contact, consent_model, transactional, topics, suppressions, bounces, running } = known;
  const { email, ...rest } = contact;
  return [
    user_id,
    `  address        ${email ?? 'none'}`,
    ...(known.address_hash === undefined ? [] : [`  address hash   ${known.address_hash}`]),
    ...Object.entries(rest).map(([name, value]) => `  ${name.replace('_', ' ').padEnd(15)}${value}`),
    `  consent        ${consent_model === 'opt_in' ? 'marketing mail needs their consent' : 'marketing mail until they object'}`,
    'May be mailed:',
    ...table([
      ['transactional', transactional.may ? 'yes' : `no: ${reasons[transactional.why]}`],
      ...topics.map((topic) => [
        topic.topic,
        `${topic.may ? 'yes' : `no: ${reasons[topic.why]}`}; ${describeWord(topic)}`,
      ]),
    ]),
    ...section('Suppressions:', suppressions.map(describeSuppression)),
    ...section('Bounces in a row:', describeBounces(bounces)),
    ...section(
      'Journeys that may be running:',
      running.map(({ journey, workflowId, since }) => `${journey} since ${when(since)}, run ${workflowId}`),
    ),
    ...section('What happened last:', known.facts.slice(-mostFacts).map(describeFact)),
    ...section('Opens and clicks:', known.engagement.slice(-mostFacts).map(describeFact)),
  ].map(plain);
}

/** Events bring words of others, and a terminal must not act on them. */
function plain(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, '?');
}

function describeWord({ state, since, source }: TopicStanding): string {
  if (since === undefined) return 'they have said nothing';
  const said = { granted: 'agreed', revoked: 'opted out', pending: 'not yet confirmed, asked', none: 'said nothing' };
  return `${said[state]} ${when(since)}${source === undefined ? '' : ` (${source})`}`;
}

function describeBounces({ soft, soft_since, no_domain, suppressed_for_a_time }: Known['bounces']): string[] {
  return [
    ...(soft > 0 ? [`${soft} soft${soft_since === undefined ? '' : `, the first ${when(soft_since)}`}`] : []),
    ...(no_domain > 0 ? [`${no_domain} because the domain does not exist`] : []),
    ...(suppressed_for_a_time > 0 ? [`suppressed for a time ${suppressed_for_a_time} times so far`] : []),
  ];
}

function describeFact({ at, what, journey, template, details }: Fact): string {
  const { personal: _, ...rest } = details ?? {};
  const more = Object.entries({ ...rest, journey, template })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${name === 'until' ? when(Number(value)) : value}`);
  return [when(at), what.replaceAll('_', ' '), more.join(', ')].filter(Boolean).join('  ');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [`${title} none`] : [title, ...lines.map((line) => `  ${line}`)];
}

function table(rows: readonly string[][]): string[] {
  const width = Math.max(...rows.map(([name = '']) => name.length)) + 2;
  return rows.map(([name = '', text = '']) => `  ${name.padEnd(width)}${text}`);
}
