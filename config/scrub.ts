const addressPattern = /[^\s<>()[\],;:"'@]+@[^\s<>()[\],;:"'@]+/g;

/** The text with every address replaced. Providers quote addresses in their errors; logs and histories must not. */
export function withoutAddresses(text: string): string {
  return text.replaceAll(addressPattern, '[address]');
}
