import type { CompiledTemplate } from '../../templates/compiled.ts';

/** A version of the template `note`, known by its subject. */
export const note = (version: string, subject = `of ${version}`): CompiledTemplate => ({
  name: 'note',
  version,
  class: 'transactional',
  events: [],
  defaultLocale: 'en',
  variants: {
    en: {
      subject,
      preheader: '',
      html: '<p>x</p>',
      text: 'x',
      textIsDerived: true,
      file: 'note/mail.mjml',
      sample: { person: {}, event: {} },
    },
  },
  sources: {},
});
