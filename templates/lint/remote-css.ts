import { sourcesOf, type UsedAt, usedIn } from './css-used.ts';
import type { TemplateRule } from './rule.ts';

export const remoteCss: TemplateRule = {
  name: 'remote-css',
  level: 'warning',
  what: 'The author loads no style sheet from elsewhere: there is no `@import`, and no `<link rel="stylesheet">`.',
  why: 'Gmail and Outlook ignore it, and the others ask somebody else for it each time the mail is opened, who learns who reads what and when.',
  source:
    'Can I email: [@import](https://www.caniemail.com/features/css-at-import/), [link](https://www.caniemail.com/features/html-link/)',
  checkTemplate(template) {
    return sourcesOf(template).flatMap(({ file, text }) =>
      usedIn(text)
        .filter(loads)
        .map(({ used, line }) => {
          const what = used.is === 'at-rule' ? '@import' : '<link rel="stylesheet">';
          return {
            file,
            line,
            message: `${what} loads a style sheet from elsewhere: put what is in it into an mj-style`,
          };
        }),
    );
  },
};

function loads({ used }: UsedAt): boolean {
  if (used.is === 'at-rule') return used.name === 'import';
  return used.is === 'element' && used.name === 'link' && /\bstylesheet\b/i.test(used.attributes['rel'] ?? '');
}
