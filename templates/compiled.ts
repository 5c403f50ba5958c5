/**
 * A template as it is published: plain JSON, all that a worker needs to render it, without MJML and without the files. Made by
 * compile.ts, kept in Redis under name and version.
 */
export interface CompiledTemplate {
  name: string;
  /** Hash of everything that the mail is made of: the same words have the same version on every machine. 12 hex digits. */
  version: string;
  class: 'marketing' | 'transactional';
  topic?: string;
  /** The headers From and Reply-To, where it has its own. */
  from?: string;
  replyTo?: string;
  /** The types of the events that it is written for. */
  events: string[];
  /** The language of the variant without a locale in its file's name (BCP 47). */
  defaultLocale: string;
  /** By locale (BCP 47), the default among them. */
  variants: Record<string, CompiledVariant>;
  /** What it was made of, layouts and partials too: file below the templates folder -> text. For `show` and `diff`. */
  sources: Record<string, string>;
}

/** One language of a template. All of these are Handlebars; only in `html` are values escaped. */
export interface CompiledVariant {
  subject: string;
  preheader: string;
  html: string;
  text: string;
  /** The text part was made from the HTML, not written by hand. */
  textIsDerived: boolean;
  /** What the preview and the checks of `publish` render it with. */
  sample: Sample;
  /** The file with this variant's front matter, below the templates folder. */
  file: string;
}

export interface Sample {
  person: PersonOfMail;
  event: Record<string, unknown>;
}

/** What a mail may know of its reader. */
export interface PersonOfMail {
  name?: string;
  /** BCP 47. */
  locale?: string;
  /** IANA. */
  time_zone?: string;
  /** ISO 3166. */
  country?: string;
}

/** What a rule of the lint, or a check of `publish`, has found. An error keeps the template from being published. */
export interface Finding {
  /** Name of the rule, such as `image-alt`. */
  rule: string;
  level: 'error' | 'warning';
  /** What is wrong, and what would be right. */
  message: string;
  /** Below the templates folder. */
  file: string;
  line?: number;
  locale?: string;
}
