import type { Used } from './css-used.ts';

/** By the title that caniemail.com gives a feature: whether a mail uses it. Undefined: nothing that a template has shows it. */
export function detectorOf(category: string, title: string): ((used: Used) => boolean) | undefined {
  if (category === 'html') return ofHtml(title.trim());
  return category === 'css' ? ofCss(title.trim()) : undefined;
}

type Detector = (used: Used) => boolean;

const semantic = 'article aside details figcaption figure footer header main mark nav section summary time'.split(' ');

function ofHtml(title: string): Detector | undefined {
  if (title === 'HTML5 semantics') return ofElements(semantic);
  if (title === 'Image maps') return ofElements(['map']);
  if (title === 'Local anchors') {
    return (used) => used.is === 'attribute' && used.name === 'href' && /^#./.test(used.value);
  }
  const [, element] = /^<(\w+)> element$/.exec(title) ?? [];
  if (element !== undefined) return ofElements([element]);
  const [, attribute] = /^([\w-]+) attribute$/.exec(title) ?? [];
  return attribute === undefined ? undefined : (used) => used.is === 'attribute' && used.name === attribute;
}

function ofElements(names: readonly string[]): Detector {
  return (used) => used.is === 'element' && names.includes(used.name);
}

const combinators: Record<string, RegExp> = {
  'Adjacent sibling combinator': /\+/,
  'Attribute selector': /\[/,
  'Chaining selectors': /\.[\w-]+\.[\w-]+/,
  'Child combinator': />/,
  'General sibling combinator': /~/,
  'Universal selector *': /\*/,
};

function ofCss(title: string): Detector | undefined {
  const combinator = combinators[title];
  if (combinator) return ofSelector(combinator);
  if (title.startsWith(':') || title === 'lang()') {
    const name = title.replace(/^:*/, '').replace('()', '');
    const colons = title.startsWith('::') ? '::?' : '(?<!:):';
    return ofSelector(new RegExp(`${colons}${name}(?![\\w-])`));
  }
  const [, rule] = /^@([a-z-]+)$/.exec(title) ?? [];
  if (rule !== undefined) return (used) => used.is === 'at-rule' && used.name === rule;
  if (title.startsWith('CSS Variables')) return ofValue(/\bvar\(/);
  const functions = [...title.matchAll(/([a-z-]+)\(\)/g)].map(([, name]) => name);
  if (functions.length > 0) return ofValue(new RegExp(`(?<![\\w-])(?:${functions.join('|')})\\(`));
  const [, unit] = /^([a-z]+) unit$/.exec(title) ?? [];
  if (unit !== undefined) return ofValue(unit === 'initial' ? /^initial\b/ : new RegExp(`\\d${unit}\\b`));
  const [, property, value] = /^([a-z-]+):\s*([a-z-]+)$/.exec(title) ?? [];
  if (property !== undefined) {
    return (used) => used.is === 'declaration' && used.property === property && used.value.startsWith(value ?? '');
  }
  return ofProperties(title);
}

function ofSelector(pattern: RegExp): Detector {
  return (used) => used.is === 'selector' && pattern.test(used.text);
}

function ofValue(pattern: RegExp): Detector {
  return (used) => used.is === 'declaration' && pattern.test(used.value);
}

/** `gap, column-gap, row-gap`, `margin-inline & margin-block`, `height property`, `grid-template-* properties` */
function ofProperties(title: string): Detector | undefined {
  const names = title.replace(/ (?:shorthand|CSS property|property|properties)$/, '').split(/\s*[,&]\s*/);
  if (!names.every((name) => /^[a-z-]+\*?$/.test(name))) return undefined;
  return ({ is, ...used }) =>
    is === 'declaration' &&
    'property' in used &&
    names.some((name) => (name.endsWith('*') ? used.property.startsWith(name.slice(0, -1)) : used.property === name));
}
