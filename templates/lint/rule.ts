import type { CompiledTemplate, CompiledVariant, Finding } from '../compiled.ts';
import type { RenderedEmail } from '../render.ts';
import type { sampleLinks } from '../sample-links.ts';
import type { Document } from './document.ts';

/** One language of a template, rendered with its sample. */
export interface MailOfSample {
  template: CompiledTemplate;
  variant: CompiledVariant;
  /** Of the variant, BCP 47. */
  locale: string;
  links: ReturnType<typeof sampleLinks>;
  rendered: RenderedEmail;
  /** Of the rendered HTML. */
  document: Document;
  /** The HTML with each branch of its blocks in one of them, whatever the sample says; values stand as `{{...}}`. */
  branches: readonly Document[];
  /** What of both parts is there whatever the data is. */
  always: { document: Document; text: string };
  /** The subject for somebody without a name. Undefined where the subject cannot be written without one. */
  namelessSubject: string | undefined;
}

/** What is wrong; what a rule leaves out is the rule's own level, and the file of the variant. */
export type Found = string | (Pick<Finding, 'message'> & Partial<Pick<Finding, 'level' | 'file' | 'line'>>);

interface AboutRule {
  name: string;
  /** The worst that it tells. */
  level: Finding['level'];
  /** When an error is only a warning. */
  milder?: string;
  /** What it looks for. */
  what: string;
  why: string;
  /** The standard or the page that says so. */
  source: string;
}

/** Looks at each language by itself. */
export interface MailRule extends AboutRule {
  /** As which documents it gets the mail, one after the other. Without it, as the sample's. */
  of?: 'branches' | 'branches and sample';
  check(mail: MailOfSample): Found[];
}

/** Looks at a template as a whole. */
export interface TemplateRule extends AboutRule {
  checkTemplate(template: CompiledTemplate): Found[] | Promise<Found[]>;
}

export type Rule = MailRule | TemplateRule;
