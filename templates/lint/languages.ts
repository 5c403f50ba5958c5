import { needsOf } from '../needs.ts';
import type { TemplateRule } from './rule.ts';

export const localesDiffer: TemplateRule = {
  name: 'locales-differ',
  level: 'warning',
  what: 'All languages of a template use the same fields of the event.',
  why: 'A field that one language alone uses is mostly a sentence that was not translated, or a change made in one file only.',
  source: 'A rule of this project',
  checkTemplate({ variants }) {
    const languages = Object.values(variants).map((variant) => ({ file: variant.file, fields: eventFields(variant) }));
    return languages.flatMap(({ file, fields }) => {
      const others = languages.filter((other) => other.file !== file);
      const lacking = new Set(others.flatMap((other) => [...other.fields]).filter((field) => !fields.has(field)));
      return [...lacking]
        .filter((field) => ![...lacking].some((around) => isWithin(field, around))) // the list says it for its items
        .map((field) => {
          const users = others.filter((other) => other.fields.has(field)).map((other) => other.file);
          return { file, message: `${field} is not used in ${file}, and is in ${users.join(', ')}` };
        });
    });
  },
};

/** `event.items[].name` lies within `event.items`. */
export function isWithin(path: string, around: string): boolean {
  return path.startsWith(`${around}.`) || path.startsWith(`${around}[]`);
}

/** Paths below `event` that these words use; one item of a list is as good as another. */
export function eventFields(variant: Parameters<typeof needsOf>[0]): Set<string> {
  const paths = needsOf(variant).map(({ path }) => path.replaceAll(/\.\d+(?=\.|$)/g, '[]'));
  return new Set(paths.filter((path) => path.startsWith('event.')));
}
