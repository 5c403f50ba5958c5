import { find } from 'linkifyjs';

const longestName = 100;
const mostWords = 12;
const mostDigits = 6;

/** Words of advertisements. One alone may be a name (Win, Sale, Cash); two are none. */
const pitch = new Set(
  (
    'account bitcoin bonus btc buy cash casino cheap claim click congratulations credit crypto deal discount earn exclusive ' +
    'free gift here income limited loan lottery money now offer password prize reward sale selected subscribe today unlock ' +
    'urgent verify viagra visit win winner won'
  ).split(' '),
);

/**
 * Why a text is no name of a person, or undefined. Whoever fills in a form chooses the name, and the address may be another
 * person's: a name that sells something or leads somewhere would turn the subject of an email into an advertisement to them.
 */
export function objectionToName(name: string): string | undefined {
  const plain = name
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll('。', '.');
  if (plain.length > longestName) return `must be at most ${longestName} characters long`;
  if (/:\/\/|\bwww\./i.test(plain) || find(plain).length > 0) return 'must not contain links or addresses';
  if ((plain.match(/\p{Nd}/gu) ?? []).length > mostDigits) return 'must not contain phone numbers';
  const words = plain.toLowerCase().split(/[^\p{L}\p{M}\p{Nd}]+/u);
  const sold = new Set(words.filter((word) => pitch.has(word)));
  if (words.length > mostWords || sold.size > 1 || /[\p{Sc}%!]/u.test(plain)) return 'must not contain advertising';
  return undefined;
}
