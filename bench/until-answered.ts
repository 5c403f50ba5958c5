/**
 * On a busy machine a statement or a connection may time out. Doing it again changes nothing, except for an email, which is then
 * in doubt.
 */
export async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === 20 || !String(error).includes('timeout')) throw error;
    }
  }
}
