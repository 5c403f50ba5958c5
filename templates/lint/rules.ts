import { cssSupport } from './css-support.ts';
import { colorScheme, language } from './head.ts';
import { imageAlt, imagesOnly } from './images.ts';
import { preheaderLength, subjectEmpty, subjectLength } from './inbox-line.ts';
import { localesDiffer } from './languages.ts';
import { emptyLink, httpLink } from './links.ts';
import { remoteCss } from './remote-css.ts';
import { postalAddress, unsubscribeLink } from './marketing.ts';
import type { Rule } from './rule.ts';
import { gmailClip } from './size.ts';
import { unencodedValue } from './unencoded-value.ts';
import { textPart } from './text-part.ts';
import { unusedVariable } from './unused-variable.ts';

/** Every rule, in the order in which they are told and documented. */
export const rules: readonly Rule[] = [
  unsubscribeLink,
  postalAddress,
  subjectEmpty,
  textPart,
  language,
  gmailClip,
  subjectLength,
  preheaderLength,
  imageAlt,
  imagesOnly,
  httpLink,
  emptyLink,
  unencodedValue,
  colorScheme,
  cssSupport,
  remoteCss,
  localesDiffer,
  unusedVariable,
];
