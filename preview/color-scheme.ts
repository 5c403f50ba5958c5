/** A style sheet's question for the reader's taste. */
const question = /\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/i;

/**
 * The HTML as it looks to whoever prefers this: rules for the other taste do not apply, rules for this one always do. A frame
 * of a page cannot be told a taste of its own.
 */
export function asSeenIn(html: string, scheme: 'dark' | 'light'): string {
  return html
    .replaceAll(/@media([^{}]*)\{/gi, (_, queries: string) => `@media${answered(queries, scheme)}{`)
    .replaceAll(/(<(?:link|style|source)\b[^>]*\bmedia=")([^"]*)(")/gi, (_, before, queries: string, after) =>
      [before, answered(queries, scheme).trim(), after].join(''),
    )
    .replaceAll(
      /(<meta\b[^>]*\bname="(?:supported-)?color-schemes?"[^>]*\bcontent=")([^"]*)(")/gi,
      (whole, ...parts) => {
        const [before, offered, after] = parts as [string, string, string];
        return offered.split(/\s+/).includes(scheme) ? `${before}${scheme}${after}` : whole;
      },
    );
}

/** Whether a mail has rules of its own for dark mode. */
export function hasDarkRules(html: string): boolean {
  return /\(\s*prefers-color-scheme\s*:\s*dark\s*\)/i.test(html);
}

function answered(queries: string, scheme: string): string {
  if (!question.test(queries)) return queries;
  const each = queries.split(',').map((query) => {
    const wanted = question.exec(query)?.[1]?.toLowerCase();
    if (wanted === undefined) return query.trim();
    if (wanted !== scheme) return 'not all';
    const rest = query.replace(question, '').replaceAll(/^\s*and\b|\band\s*$|\band\b(?=\s+and\b)/gi, '');
    return rest.trim() || 'all';
  });
  return ` ${each.join(', ')} `;
}
