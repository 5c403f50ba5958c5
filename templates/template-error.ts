/** Everything that is wrong with templates, at once; each mistake says where, what, and what would be right. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(`The templates cannot be used:\n  ${mistakes.join('\n  ')}`);
    this.mistakes = mistakes;
  }
}
