import { compose, type Composed } from './compose.ts';
import { type FrontMatter, splitDefault, splitVariant, type VariantMatter } from './front-matter.ts';
import { readTemplate, type SourceFile } from './read.ts';

/** A template as its files say it, put together and not compiled: this needs no MJML. */
export interface Gathered {
  /** Undefined where the front matter of mail.mjml is invalid: `mistakes` lists why, and nothing is composed. */
  matter: FrontMatter | undefined;
  /** The languages whose front matter is valid, the default first. */
  variants: GatheredVariant[];
  /** All files that go in: file below the templates folder -> text. */
  sources: Record<string, string>;
  /** `file:line what` is invalid in front matter. What composing found is in each variant. */
  mistakes: string[];
}

export interface GatheredVariant {
  /** BCP 47. */
  locale: string;
  isDefault: boolean;
  matter: FrontMatter | VariantMatter;
  file: SourceFile;
  /** The text part that is written by hand. */
  text: SourceFile | undefined;
  composed: Composed;
}

/** Reads the files of one template and puts each language together. Throws TemplateError when files of it cannot be read. */
export function gather(dir: string, name: string): Gathered {
  const files = readTemplate(dir, name);
  const main = files.mjml.get('') as SourceFile;
  const top = splitDefault(main.text);
  const sources: Record<string, string> = {};
  const mistakes: string[] = [];
  const variants: GatheredVariant[] = [];
  const matter = 'mistakes' in top ? undefined : top.matter;
  for (const [key, file] of files.mjml) {
    const text = files.text.get(key);
    const part = key === '' ? top : splitVariant(file.text);
    if ('mistakes' in part) {
      mistakes.push(...part.mistakes.map(({ line, message }) => `${file.file}:${line} ${message}`));
    } else if (key !== '' && key === matter?.locale) {
      mistakes.push(`${file.file}:1 is in "${key}", and so is ${main.file}: one of the two would never be sent`);
    } else if (matter) {
      const locale = key === '' ? matter.locale : key;
      const body = { file: file.file, text: part.body, line: part.bodyLine };
      const composed = compose(dir, matter.layout, body, locale);
      for (const used of composed.parts) sources[used.file] = used.text;
      variants.push({ locale, isDefault: key === '', matter: part.matter, file, text, composed });
    }
    for (const own of text ? [file, text] : [file]) sources[own.file] = own.text;
  }
  return { matter, variants, sources, mistakes };
}
