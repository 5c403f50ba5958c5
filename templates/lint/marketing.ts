import { type Document, elements, elementsOfClass, isSeen, visibleText } from './document.ts';
import { words } from './measure.ts';
import type { Found, MailOfSample, MailRule } from './rule.ts';

const leastWords = 3;

export const unsubscribeLink: MailRule = {
  name: 'unsubscribe-link',
  level: 'error',
  what: 'Marketing mail has a link to `links.unsubscribe` that can be seen, in the HTML and in the text part, and by everybody: no condition stands around it but `{{#if links.unsubscribe}}`.',
  why: 'Who finds no way out reports spam, and then nobody gets the mail. Gmail and Yahoo require a link that can be seen.',
  source: '[Google, Email sender guidelines](https://support.google.com/a/answer/81126), requirements for bulk senders',
  check({ document, rendered, always, links: { unsubscribe } }) {
    if (unsubscribe === undefined) return [];
    const found: string[] = [];
    if (!leadsTo(document, unsubscribe)) {
      found.push(
        'no link that can be seen leads to {{links.unsubscribe}}: put {{> footer}} into the layout, or the link itself',
      );
    } else if (!leadsTo(always.document, unsubscribe)) {
      found.push(`some data hides the link to {{links.unsubscribe}}: ${alone}`);
    }
    if (!rendered.text.includes(unsubscribe)) {
      found.push('the text part does not show {{links.unsubscribe}}: those who read text need a way out too');
    } else if (!always.text.includes(unsubscribe)) {
      found.push(`some data hides {{links.unsubscribe}} from the text part: ${alone}`);
    }
    return found;
  },
};

const alone = 'no block but {{#if links.unsubscribe}} may stand around it';

function leadsTo(document: Document, url: string): boolean {
  return elements(document, 'a').some((link) => link.attribs['href'] === url && isSeen(link));
}

export const postalAddress: MailRule = {
  name: 'postal-address',
  level: 'error',
  what: `Marketing mail has an element of the class \`postal-address\` with at least ${leastWords} words, which the text part has too, both whatever the data is.`,
  why: 'The law of the United States wants the postal address of the sender in every commercial mail; so do those of Canada and others.',
  source:
    'CAN-SPAM Act, 15 U.S.C. 7704(a)(5)(A)(iii); [FTC, CAN-SPAM compliance guide](https://www.ftc.gov/business-guidance/resources/can-spam-act-compliance-guide-business)',
  check(mail) {
    return mail.template.class === 'marketing' ? checkAddress(mail) : [];
  },
};

function checkAddress({ document, rendered, always, locale }: MailOfSample): Found[] {
  const addresses = addressesIn(document);
  const isAddress = (text: string) => words(text, locale, leastWords) === leastWords;
  const address = addresses.find(isAddress);
  if (address === undefined) {
    return [
      addresses.length === 0
        ? 'there is no postal address: put css-class="postal-address" on the mj-text that shows it'
        : `the element of the class postal-address shows "${addresses[0]}", which is no address: name, street and town`,
    ];
  }
  if (!holds(rendered.text, address)) return [`the text part does not hold the postal address "${address}"`];
  const sure = addressesIn(always.document).find((text) => isAddress(text) || text.includes('{{'));
  if (sure === undefined) return [`some data hides the postal address: ${alone}`];
  return holds(always.text, sure) ? [] : [`some data hides the postal address from the text part: ${alone}`];
}

function addressesIn(document: Document): string[] {
  return elementsOfClass(document, 'postal-address')
    .filter(isSeen)
    .map((element) => visibleText(element).trim());
}

function holds(text: string, address: string): boolean {
  const words = text.replaceAll(/<[^<>\s]+>/g, ''); // where a link leads, as text parts show it
  return withoutSpace(words).includes(withoutSpace(address));
}

function withoutSpace(text: string): string {
  return text.replaceAll(/\s+/g, '');
}
