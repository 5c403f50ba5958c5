import { type Element, elements, hasClass, visibleText } from './document.ts';
import { words } from './measure.ts';
import { placeOf } from './places.ts';
import type { MailOfSample, MailRule } from './rule.ts';

const leastWords = 20;

export const imageAlt: MailRule = {
  name: 'image-alt',
  level: 'warning',
  what: 'An image has an `alt`. It may be empty, unless the image is all that a link shows.',
  why: 'Many mail programs show no image before they are asked to, and some readers cannot see any: `alt` is what they get.',
  source:
    'WCAG 2.2, [1.1.1 Non-text Content](https://www.w3.org/TR/WCAG22/#non-text-content) and [2.4.4 Link Purpose](https://www.w3.org/TR/WCAG22/#link-purpose-in-context)',
  of: 'branches',
  check(mail) {
    const without = elements(mail.document, 'img').filter(({ attribs }) => attribs['alt'] === undefined);
    const silent = elements(mail.document, 'a').filter((link) => !without.includes(onlyImage(link) as Element));
    return [
      ...without.map(({ attribs: { src = '' } }) => ({
        message: `the image ${src} has no alt: say what it shows, or alt="" where it only decorates`,
        ...placeOf(mail, src),
      })),
      ...silent.flatMap((link) => {
        const image = onlyImage(link);
        if (!image) return [];
        const { src = '' } = image.attribs;
        const message = `the image ${src} is all that the link to ${link.attribs['href']} shows: its alt says where it leads`;
        return [{ message, ...placeOf(mail, src) }];
      }),
    ];
  },
};

/** The image without words that is the whole of a link. */
function onlyImage(link: Element): Element | undefined {
  const images = elements(link, 'img');
  const silent = images.every(({ attribs }) => (attribs['alt'] ?? '').trim() === '');
  return silent && visibleText(link).trim() === '' ? images[0] : undefined;
}

export const imagesOnly: MailRule = {
  name: 'images-only',
  level: 'warning',
  what: `A mail with images has at least ${leastWords} words that can be seen, apart from preheader, postal address and the links of the footer.`,
  why: 'Filters take an image without text for spam, and with images switched off it is an empty mail.',
  source:
    '[Apache SpamAssassin](https://spamassassin.apache.org/old/tests_3_3_x.html), rules `HTML_IMAGE_ONLY_*`; WCAG 2.2, [1.4.5 Images of Text](https://www.w3.org/TR/WCAG22/#images-of-text)',
  check(mail) {
    if (elements(mail.document, 'img').length === 0) return [];
    const count = words(
      visibleText(mail.document, (element) => ofFooter(element, mail)),
      mail.locale,
      leastWords,
    );
    return count < leastWords ? [`beside its images it has ${count} words; say it in at least ${leastWords}`] : [];
  },
};

function ofFooter(element: Element, { links }: MailOfSample): boolean {
  const { href } = element.attribs;
  return (
    hasClass(element, 'postal-address') || (href !== undefined && [links.unsubscribe, links.preferences].includes(href))
  );
}
