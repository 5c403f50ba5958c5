/** A table as the formatter would write it. */
export function markdownTable(columns: string[], lines: string[][]): string {
  const widths = columns.map((name, index) => Math.max(name.length, ...lines.map((line) => line[index]?.length ?? 0)));
  const row = (cells: string[]) => `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`;
  return [row(columns), row(widths.map((width) => '-'.repeat(width))), ...lines.map(row)].join('\n');
}
