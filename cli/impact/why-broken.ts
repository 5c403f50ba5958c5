/** What is wrong with a replay. Temporal says it in the middle of what it says each time, and of a printed struct. */
export function whyBroken({ name, message }: Error): string {
  const [, details = message] = /Details: (.*)$/s.exec(message) ?? [];
  const [, point] = /\bmessage: "(?:\[TMPRL\d+\] )?((?:[^"\\]|\\.)+)"/s.exec(details) ?? [];
  return `${name}: ${point?.replaceAll(/\\(["'\\])/g, '$1') ?? details}`;
}
