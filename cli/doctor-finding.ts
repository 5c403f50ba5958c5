/** One line of `rivulet doctor`. */
export interface Finding {
  /** `wrong`: mail does not leave, or may leave twice, until somebody acts. `warning`: worth knowing before it is. */
  level: 'ok' | 'warning' | 'wrong';
  about: string;
  /** What is so and, unless it is well, what to do. */
  says: string;
}

/** What a check finds; a server that is away, or refuses the question, is a finding too. */
export async function unlessItFails(about: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    const { name, message } = error as Error;
    const expected = ['CredentialsError', 'ServerAway', 'StartError'].includes(name);
    return [{ level: 'wrong', about, says: expected ? message : `could not be examined: ${name}: ${message}` }];
  }
}

export function days(ms: number): string {
  return `${Math.round((ms / 86_400_000) * 100) / 100} days`;
}
