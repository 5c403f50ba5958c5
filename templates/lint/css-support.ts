import { detectorOf } from './css-features.ts';
import { sourcesOf, type UsedAt, usedIn } from './css-used.ts';
import type { Found, TemplateRule } from './rule.ts';

/** Of a feature: what it is called, where it is described, and since which version which program has it. */
interface Feature {
  title: string;
  url: string;
  category: string;
  /** Family -> platform -> version -> `y`, `n`, `a` (in part) or `u` (unknown), and notes. */
  stats: Record<string, Record<string, Record<string, string>>>;
}

const programs: { name: string; family: string; platforms: Record<string, string> }[] = [
  // Its mobile web page is left out: it keeps no style sheet at all, so each selector would be told.
  { name: 'Gmail', family: 'gmail', platforms: { 'desktop-webmail': 'web', ios: 'iOS', android: 'Android' } },
  { name: 'Outlook on Windows', family: 'outlook', platforms: { windows: '' } },
  { name: 'Outlook.com', family: 'outlook', platforms: { 'outlook-com': '' } },
  { name: 'Apple Mail', family: 'apple-mail', platforms: { macos: 'macOS', ios: 'iOS' } },
  { name: 'Yahoo Mail', family: 'yahoo', platforms: { 'desktop-webmail': 'web', ios: 'iOS', android: 'Android' } },
];

/** By title, what MJML writes too or what loses nothing where it is not known. */
const harmless: Record<string, string> = {
  '@media': 'who does not know it sees the mail without what is in it',
  'border-radius': 'corners are square in Outlook',
  cursor: 'a pointer that does not change its shape',
  'height property': 'Yahoo Mail makes min-height of it',
  'target attribute': 'links of a mail open in a new page anyway',
};

/** By title, what `remote-css` tells. */
const elsewhere = ['@import', '<link> element'];

export const cssSupport: TemplateRule = {
  name: 'css-support',
  level: 'warning',
  what: `The author uses no HTML and CSS that ${programs.map(({ name }) => name).join(', ')} do not know. Left out are what MJML writes, what stands inside \`@media\`, and ${listOf(harmless)}.`,
  why: 'What a mail program does not know it drops without a word, and the mail looks different there.',
  source: '[Can I email](https://www.caniemail.com), the data of the package `caniemail`',
  async checkTemplate(template) {
    const features = await featuresThatSomeLack();
    const used = sourcesOf(template).flatMap(({ file, text }) => usedIn(text).map((use) => ({ ...use, file })));
    return features.flatMap((feature) => checkFeature(feature, used));
  },
};

function listOf(titles: object): string {
  const names = Object.keys(titles).filter((title) => !title.startsWith('@'));
  return names.map((title) => `\`${title.replace(/ .*/, '')}\``).join(', ');
}

interface Lacking extends Pick<Feature, 'title' | 'url'> {
  detect: NonNullable<ReturnType<typeof detectorOf>>;
  lacking: string[];
}

function checkFeature({ title, url, detect, lacking }: Lacking, used: (UsedAt & { file: string })[]): Found[] {
  const first = used.find((use) => detect(use.used));
  if (!first) return [];
  const who = new Intl.ListFormat('en').format(lacking);
  const message = `${title}: ${who} ${lacking.length > 1 ? 'do' : 'does'} not support it (${url})`;
  return [{ message, file: first.file, line: first.line }];
}

let ofThisProcess: Promise<Lacking[]> | undefined;

/** Read once: they are the same for each template. */
function featuresThatSomeLack(): Promise<Lacking[]> {
  return (ofThisProcess ??= readFeatures());
}

async function readFeatures(): Promise<Lacking[]> {
  return (await loadFeatures()).flatMap((feature) => {
    const detect = detectorOf(feature.category, feature.title);
    const told = Object.hasOwn(harmless, feature.title) || elsewhere.includes(feature.title);
    const lacking = told ? [] : lackingOf(feature);
    return detect && lacking.length > 0 ? [{ title: feature.title, url: feature.url, detect, lacking }] : [];
  });
}

function lackingOf({ stats }: Feature): string[] {
  return programs.flatMap(({ name, family, platforms }) => {
    const all = Object.entries(platforms);
    const lacking = all.filter(([platform]) => latest(stats[family]?.[platform])?.startsWith('n'));
    if (lacking.length === 0) return [];
    return [lacking.length === all.length ? name : `${name} (${lacking.map(([, where]) => where).join(', ')})`];
  });
}

const { compare: inOrder } = new Intl.Collator('en', { numeric: true });

/** Versions are years, dates and numbers: `2019`, `2022-08`, `16.80`. */
function latest(versions: Record<string, string> = {}): string | undefined {
  const newest = Object.keys(versions).toSorted(inOrder).at(-1);
  return newest === undefined ? undefined : versions[newest];
}

async function loadFeatures(): Promise<Feature[]> {
  try {
    const { rawData } = await import('caniemail');
    return rawData.data as unknown as Feature[]; // its own types leave out half of the programs
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error(
      'The lint reads the package caniemail, which is not installed here: run npm ci, without --omit=dev',
      {
        cause: error,
      },
    );
  }
}
