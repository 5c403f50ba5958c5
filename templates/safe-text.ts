/* oxlint-disable no-control-regex -- control characters are exactly what is taken out here */

const controls = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f';
/** They make text read backwards, or make `gpj.exe` look like `exe.jpg`. Right-to-left names need none. */
const bidiControls = '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069';
/** Seen by nobody: used to hide words from filters, and to be somebody without a name. */
const invisible =
  '\\u00ad\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u2060-\\u2065\\u206a-\\u206f\\u2800\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e00ff}\\u{e01f0}-\\u{e0fff}';

/** Flags of regions, such as England: a black flag and the name of the region in tags. */
const flag = '\\u{1f3f4}[\\u{e0030}-\\u{e0039}\\u{e0061}-\\u{e007a}]{3,6}\\u{e007f}';

/** Scripts in which a joiner makes another letter, or keeps two apart. */
const joining =
  'Arab Syrc Mong Nkoo Mand Mani Rohg Adlm Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Tibt Bali Java Sund'
    .split(' ')
    .map((script) => `\\p{scx=${script}}`)
    .join('');
const joiner = '[\\u200c\\u200d]';
const emojiBefore = '[\\p{Extended_Pictographic}\\ufe0f\\u{1f3fb}-\\u{1f3ff}]';
/** Everywhere else it only keeps a word from being found. */
const strayJoiner = `(?<![${joining}])${joiner}(?![${joining}])(?:(?<!${emojiBefore}${joiner})|(?!\\p{Extended_Pictographic}))`;
/** The look of an emoji, or the form of a Chinese letter: Latin letters have no second one, and nothing has two. */
const strayVariation =
  '(?<=^|[\\p{sc=Latn}\\s\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}])(?<!\\u2139)[\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}]';

/** One look for most values, which have nothing of all this. */
const suspicious = new RegExp(
  `[${controls}${bidiControls}${invisible}\\u200c\\u200d\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}\\ud800-\\udfff]`,
  'u',
);
const tricks = new RegExp(`${flag}|[${controls}${bidiControls}${invisible}]|${strayJoiner}|${strayVariation}`, 'gu');

/**
 * Text from outside as it may stand in a mail: no control characters but line breaks and tabs, no tricks with direction,
 * nothing that nobody sees, no half of a letter.
 */
export function safeText(text: string): string {
  if (!suspicious.test(text)) return text;
  return text.toWellFormed().replaceAll(tricks, (found) => (found.startsWith('\u{1f3f4}') ? found : ''));
}

/** As many characters of a subject or a preheader are kept: more is data, and no inbox shows it. */
const longestLine = 255;
/** Code units of it: one character of a reader can be as long as a mail. */
const longestUnits = 1_000;

/**
 * A header value: no line breaks or other control characters, and an end. What the author wrote stays, marks of direction and
 * flags too; data has been through `safeText`.
 */
export function oneLine(text: string): string {
  return shortened(
    text
      .toWellFormed()
      .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
      .trim(),
  );
}

function shortened(text: string): string {
  if (text.length <= longestLine) return text;
  const beginning = text.slice(0, longestUnits + 1);
  const graphemes = [...segmenter.segment(beginning)];
  if (text.length <= longestUnits && graphemes.length <= longestLine) return text;
  // The last one may go on behind what was looked at, and the ellipsis is one too.
  const end = graphemes[Math.min(graphemes.length, longestLine) - 1]?.index || longestUnits;
  return `${beginning
    .slice(0, end)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()}…`;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
