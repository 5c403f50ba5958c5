import { graphemes } from './measure.ts';
import type { MailRule } from './rule.ts';

const longestSubject = 70;
const subjectOnPhone = 40;
const shortestPreheader = 30;
const longestPreheader = 140;

export const subjectEmpty: MailRule = {
  name: 'subject-empty',
  level: 'error',
  what: 'The subject says something, also to somebody without a name.',
  why: 'A mail without a subject is not opened and looks like a mistake or like spam.',
  source:
    '[RFC 5322, 3.6.5](https://www.rfc-editor.org/rfc/rfc5322#section-3.6.5): a short text that names the topic of the message',
  check({ rendered, namelessSubject }) {
    if (rendered.subject.trim() === '') return ['with its sample, the subject is empty'];
    if (namelessSubject?.trim() === '') {
      return ['for somebody without a name, the subject is empty: put {{else}} into the {{#if person.name}}'];
    }
    return [];
  },
};

export const subjectLength: MailRule = {
  name: 'subject-length',
  level: 'warning',
  what: `The subject has at most ${longestSubject} characters.`,
  why: `Inboxes cut longer ones, phones at about ${subjectOnPhone}: what matters stands in front.`,
  source:
    '[ActiveCampaign, Email subject line length](https://www.activecampaign.com/glossary/subject-line-length): Gmail shows 70, phones 33 to 43',
  check({ rendered: { subject } }) {
    const length = graphemes(subject);
    if (length <= longestSubject) return [];
    return [
      `the subject has ${length} characters; inboxes cut it after about ${longestSubject}, phones after about ${subjectOnPhone}`,
    ];
  },
};

export const preheaderLength: MailRule = {
  name: 'preheader-length',
  level: 'warning',
  what: `There is a preheader, of ${shortestPreheader} to ${longestPreheader} characters.`,
  why: 'Inboxes show it behind the subject. Where it is short or missing, they fill the line with the first words of the mail.',
  source:
    '[Mapp, Customize the email preview text](https://docs.mapp.com/docs/customize-the-email-preheader): 85 to 100, and the first text of the mail where there is none',
  check({ rendered: { preheader } }) {
    const length = graphemes(preheader);
    if (length >= shortestPreheader && length <= longestPreheader) return [];
    const has = length === 0 ? 'there is no preheader' : `the preheader has ${length} characters`;
    return [`${has}; ${shortestPreheader} to ${longestPreheader} fill the line in an inbox`];
  },
};
