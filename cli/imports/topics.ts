/** The topics that a cell or an option names, separated by spaces, commas, semicolons or bars. */
export function topicsIn(text: string): string[] {
  return text.split(/[\s,;|]+/).filter((topic) => topic !== '');
}
