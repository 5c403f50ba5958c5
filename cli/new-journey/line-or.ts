/** As the formatter breaks lines (printWidth in .oxfmtrc.json), so that what is written passes its check at once. */
const width = 120;

/** One line where it fits, else these. */
export function lineOr(line: string, lines: readonly string[]): string {
  return line.length <= width ? line : lines.join('\n');
}
