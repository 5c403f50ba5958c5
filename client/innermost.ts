/** The error at the bottom: the NATS client wraps what happened in what it was doing. */
export function innermost(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? innermost(error.cause) : error;
}
