import type { NewJourney } from '../check-wish.ts';
import { lineOr } from '../line-or.ts';
import { camelCase, isReserved } from '../names.ts';

/** The code of a new journey. */
export function journeyFile(journey: NewJourney): string {
  return journey.listensFor === undefined ? once(journey) : twiceUnless(journey, journey.listensFor);
}

function once({ name, on }: NewJourney): string {
  const event = nounOf(on, [camelCase(name)]);
  return `import type { Event } from '../../events/index.ts';
import { sendEmail, type Outcome } from '../lib/send-email.ts';

/** Writes to somebody as soon as \`${on}\` comes. Ends with that mail. */
${signature(name, event, on, 'Outcome')}
  return sendEmail('${name}', ${event});
}
`;
}

function twiceUnless({ name, on }: NewJourney, listensFor: string): string {
  const event = nounOf(on, [camelCase(name)]);
  const heard = nounOf(listensFor, [camelCase(name), event]);
  return `import type { Event } from '../../events/index.ts';
import { listenFor } from '../lib/listen-for.ts';
import { isUndeliverable, sendEmail, type Outcome } from '../lib/send-email.ts';

${sentence(on, listensFor)}
${signature(name, event, on, `'${listensFor}' | Outcome`)}
  const ${heard} = listenFor('${listensFor}');

  const sent = await sendEmail('${name}', ${event});
  if (isUndeliverable(sent)) return sent;

  if (await ${heard}.within('1 day')) return '${listensFor}';
${reminder(name, event, heard)}
}
`;
}

function signature(name: string, event: string, type: string, result: string): string {
  const [opening, parameter] = [`export async function ${camelCase(name)}(`, `${event}: Event<'${type}'>`];
  const closing = `): Promise<${result}> {`;
  return lineOr(`${opening}${parameter}${closing}`, [opening, `  ${parameter},`, closing]);
}

function sentence(on: string, listensFor: string): string {
  const [first, then] = [
    `Writes to somebody as soon as \`${on}\` comes,`,
    `and again a day later unless \`${listensFor}\` has come.`,
  ];
  return lineOr(`/** ${first} ${then} */`, ['/**', ` * ${first}`, ` * ${then}`, ' */']);
}

function reminder(name: string, event: string, heard: string): string {
  const [opening, key, unless] = [`  return sendEmail('${name}', ${event}, {`, `key: 'reminder'`, `unless: ${heard}`];
  return lineOr(`${opening} ${key}, ${unless} });`, [opening, `    ${key},`, `    ${unless},`, '  });']);
}

/** `trial` for `trial.started`, or `trialStarted` where that means something else. */
function nounOf(type: string, others: readonly string[]): string {
  const noun = camelCase(type.replace(/\..*/, ''));
  return isReserved(noun) || [...others, 'sent'].includes(noun) ? camelCase(type) : noun;
}
