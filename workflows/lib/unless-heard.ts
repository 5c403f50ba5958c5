import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';

/**
 * Does something unless an event comes first: undefined when it did. What is under way then is given up at once, a wait in
 * the middle too; what was past giving up, such as a mail that is being handed over, ends as it ends.
 */
export async function unlessHeard<T>(
  listener: { readonly heard: unknown },
  something: () => Promise<T>,
): Promise<T | undefined> {
  if (listener.heard !== undefined) return undefined;
  const around = CancellationScope.current();
  const scope = new CancellationScope({ cancellable: true });
  try {
    return await scope.run(async () => {
      condition(() => listener.heard !== undefined).then(
        () => scope.cancel(),
        () => undefined, // it was done before that
      );
      return something();
    });
  } catch (error) {
    if (isCancellation(error) && listener.heard !== undefined && !around.consideredCancelled) return undefined;
    throw error;
  } finally {
    scope.cancel(); // nobody listens any more
  }
}
