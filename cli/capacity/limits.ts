/**
 * What the model gives and keeps free. These are choices, not costs: with other machines, choose otherwise.
 */
export const limits = {
  /** How busy a core may be at the peak. The rest is for the death of a node, for retries and for the peak of the peak. */
  busyShare: 0.6,
  /** One may be drained while the other works. */
  fewestProcesses: 2,
  /** Their number is fixed when the cluster is made, so no cluster begins with few; more than most is untried. */
  fewestShards: 512,
  mostShards: 16_384,
  /** Where Temporal suggests to continue as new. */
  mostEventsOfRun: 4_096,
  natsReplicas: 3,
  /** A primary has to write its whole memory to a replica and to disk now and then. */
  redisPrimaryBytes: 256e9,
  /** What a Temporal Cloud namespace allows unless asked for more. */
  cloudActionsPerSecond: 500,
  /** `max_ack_pending` of the consumer: eight times the prefetch, and never less than this. */
  leastAckPending: 1_000,
  ackPendingOfPrefetch: 8,
  defaultPrefetch: 100,
  mostPrefetch: 1_000,
} as const;
