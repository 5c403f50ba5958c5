import { type Attack, harmless } from './template-attacks.ts';

/** What is one thing to the checks and another in an inbox; and what a value makes of a link. */
export const attacksOnParsers: Attack[] = [
  ...[
    ['`<![CDATA[`, which is text to some and nothing to others', '<![CDATA[<script>alert(1)</script>]]>', /CDATA/],
    ['`<noscript>`, whose content is text to some', '<noscript><p title="</noscript><script>">', /<noscript>/],
    ['`<svg>`, in which HTML is read by other rules', '<svg><style><!--</style><script>-->', /<svg>/],
    ['`<math>`, as well', '<math><mtext><xmp>', /<math>/],
    ['`<template>`, whose content is in no tree', '<template><script></script></template>', /<template>/],
    ['`<plaintext>`, which nothing ends', '<plaintext>', /<plaintext>/],
    ['`<?xml ?>`, a comment to some', '<?xml >"<script>"?>', /no processing instructions/],
    ['`<![if !mso]>`, which some read as a comment', '<![if !mso]><p>x</p><![endif]>', /write <!--\[if !mso\]>/],
    ['`<!-->`, a comment that ends at once for some', '<!--><script>alert(1)</script>-->', /ends for some before/],
    ['`--!>`, which ends a comment for some', '<!-- --!><script>alert(1)</script> -->', /ends for some before/],
    ['a comment without an end', '<!-- ', /begins a comment without an end/],
    ['one attribute twice', '<a href="https://example.com" href="javascript:alert(1)">x</a>', /href twice/],
    ['a quote inside of a value without quotes', '<img alt=x"onerror=alert(1)>', /name="value"/],
    [
      'a quote that one branch alone opens',
      '{{#if event.at}}<p title="{{else}}<p title={{/if}}{{event.text}}">',
      /the same quotes/,
    ],
    ['data as the name of an element, `<{{x}}>`', '<{{event.text}}>', /data does not name an element/],
    ['markup behind braces that are shown, `\\{{`', '\\{{ <a href={{event.url}}>x</a> }}', /between quotes only/],
    [
      'a raw block of Handlebars, `{{{{if x}}}}`',
      '{{{{if event.text}}}}<script>{{{{/if}}}}',
      /\{\{\{\{\.\.\.\}\}\}\} and .* are not for templates/,
    ],
    ['NUL, which parsers drop or replace', '<scr\u0000ipt>alert(1)</script>', /control character U\+0000/],
  ].map(([what, words, says]): Attack => ({ what, words, stops: 'publish', says }) as Attack),
  {
    what: 'a value that adds to the query of a link',
    words: '<a href="https://example.com/?q={{url event.text}}&amp;to=us">x</a>',
    event: { ...harmless, text: 'a&to=them#' },
    stops: 'neutral',
    says: /\?q=a%26to%3Dthem%23/,
    never: /to=them/,
  },
  {
    what: 'a value that leaves the path of a link',
    words: '<a href="https://example.com/orders/{{url event.text}}">x</a>',
    event: { ...harmless, text: '../../admin?' },
    stops: 'neutral',
    says: /\/orders\/\.\.%2F\.\.%2Fadmin%3F"/,
    never: /\/admin/,
  },
  {
    what: 'half a letter (a lone surrogate) in a link',
    words: '<a href="https://example.com/{{url event.text}}">x</a>',
    event: { ...harmless, text: 'a\ud83d' },
    stops: 'neutral',
    says: /example\.com\/a%EF%BF%BD"/,
  },
  {
    what: 'a link that begins encoded, `href="{{url u}}"`',
    words: '<a href="{{url event.url}}">x</a>',
    stops: 'publish',
    says: /a link does not begin encoded/,
  },
];
