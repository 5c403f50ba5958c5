import { elements, elementsOfClass, visibleText, isSeen } from './document.ts';
import { words } from './measure.ts';
import type { Found, MailOfSample, MailRule } from './rule.ts';

const leastWords = 3;

export const unsubscribeLink: MailRule = {
  name: 'unsubscribe-link',
  level: 'error',
  what: 'Marketing mail has a link to `links.unsubscribe` that can be seen, in the HTML and in the text part.',
  why: 'Who finds no way out reports spam, and then nobody gets the mail. Gmail and Yahoo require a link that can be seen.',
  source: '[Google, Email sender guidelines](https://support.google.com/a/answer/81126), requirements for bulk senders',
  check({ document, rendered, links: { unsubscribe } }) {
    if (unsubscribe === undefined) return [];
    const linked = elements(document, 'a').some((link) => link.attribs['href'] === unsubscribe && isSeen(link));
    return [
      ...(linked
        ? []
        : [
            'no link that can be seen leads to {{links.unsubscribe}}: put {{> footer}} into the layout, or the link itself',
          ]),
      ...(rendered.text.includes(unsubscribe)
        ? []
        : ['the text part does not show {{links.unsubscribe}}: those who read text need a way out too']),
    ];
  },
};

export const postalAddress: MailRule = {
  name: 'postal-address',
  level: 'error',
  what: `Marketing mail has an element of the class \`postal-address\` with at least ${leastWords} words, which the text part has too.`,
  why: 'The law of the United States wants the postal address of the sender in every commercial mail; so do those of Canada and others.',
  source:
    'CAN-SPAM Act, 15 U.S.C. 7704(a)(5)(A)(iii); [FTC, CAN-SPAM compliance guide](https://www.ftc.gov/business-guidance/resources/can-spam-act-compliance-guide-business)',
  check(mail) {
    return mail.template.class === 'marketing' ? checkAddress(mail) : [];
  },
};

function checkAddress({ document, rendered, locale }: MailOfSample): Found[] {
  const addresses = elementsOfClass(document, 'postal-address').map((element) => visibleText(element).trim());
  const address = addresses.find((text) => words(text, locale, leastWords) === leastWords);
  if (address === undefined) {
    return [
      addresses.length === 0
        ? 'there is no postal address: put css-class="postal-address" on the mj-text that shows it'
        : `the element of the class postal-address shows "${addresses[0]}", which is no address: name, street and town`,
    ];
  }
  const text = withoutSpace(rendered.text.replaceAll(/<[^>\s]+>/g, '')); // where a link leads, as text parts show it
  return text.includes(withoutSpace(address)) ? [] : [`the text part does not hold the postal address "${address}"`];
}

function withoutSpace(text: string): string {
  return text.replaceAll(/\s+/g, '');
}
