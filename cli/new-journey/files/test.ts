import type { NewJourney } from '../check-wish.ts';
import { lineOr } from '../line-or.ts';
import { literal } from './literal.ts';

/** The first tests of a journey: its calendar, from a day that is always the same. */
export function testFile(journey: NewJourney): string {
  const { topic, listensFor } = journey;
  const tests = [
    listensFor === undefined ? writesOnce(journey) : writesTwice(journey),
    ...(listensFor === undefined ? [] : [writesOnceWhere(journey, listensFor)]),
    ...(topic === undefined ? [] : [writesToNobodyElse(journey)]),
  ];
  return `import { expect, it } from 'vitest';

import { simulate } from '../../simulation/simulate.ts';

const ada = ${literal({ name: 'Ada', email: 'ada@example.com', time_zone: 'Europe/Berlin', topics: topic === undefined ? [] : [topic] })};
${start(journey)}

${tests.join('\n')}`;
}

function start({ sample }: NewJourney): string {
  const fields = [`from: '2026-11-24T10:00'`];
  if (Object.keys(sample).length > 0) fields.push(`payload: ${literal(sample)}`);
  return lineOr(`const start = { ${fields.join(', ')} };`, [
    'const start = {',
    ...fields.map((field) => `  ${field},`),
    '};',
  ]);
}

function writesOnce({ name, on }: NewJourney): string {
  return `it('Ada gets her mail as soon as \`${on}\` comes', async () => {
  const { mails, outcome } = await simulate('${name}', ada, start);
${onlyTheFirst(name)}
  expect(outcome).toBe('sent');
});
`;
}

function writesTwice({ name, on }: NewJourney): string {
  return `it('Ada gets a mail as soon as \`${on}\` comes, and another a day later', async () => {
  const { mails, outcome } = await simulate('${name}', ada, start);
  expect(mails).toMatchObject([
    { local: 'Tue 2026-11-24 10:00', template: '${name}' },
    { local: 'Wed 2026-11-25 10:00', template: '${name}' },
  ]);
  expect(outcome).toBe('sent');
});
`;
}

function writesOnceWhere({ name, heardSample }: NewJourney, listensFor: string): string {
  const payload = Object.keys(heardSample).length > 0 ? ` ${JSON.stringify(heardSample)}` : '';
  const happening = `'2 hours: ${listensFor}${payload}'`;
  return `it('Ada gets no other mail when \`${listensFor}\` comes first', async () => {
${lineOr(`  const on = [${happening}];`, ['  const on = [', `    ${happening},`, '  ];'])}
  const { mails, outcome } = await simulate('${name}', ada, { ...start, on });
${onlyTheFirst(name)}
  expect(outcome).toBe('${listensFor}');
});
`;
}

function writesToNobodyElse({ name }: NewJourney): string {
  return `it('somebody who has not agreed to such mails gets none', async () => {
  const { mails, outcome } = await simulate('${name}', { ...ada, topics: [] }, start);
  expect(mails).toEqual([]);
  expect(outcome).toBe('no_consent');
});
`;
}

function onlyTheFirst(name: string): string {
  const mail = `{ local: 'Tue 2026-11-24 10:00', template: '${name}' }`;
  return lineOr(`  expect(mails).toMatchObject([${mail}]);`, [
    '  expect(mails).toMatchObject([',
    `    ${mail},`,
    '  ]);',
  ]);
}
