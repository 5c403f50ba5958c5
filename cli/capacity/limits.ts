/** Headroom and sizes that the model chooses: decisions, not costs. Change them for other machines. */
export const limits = {
  /** How busy a core may be at the peak. The rest is for a failed node, retries and spikes within the peak. */
  busyShare: 0.6,
  /** One can be drained while the other works. */
  fewestProcesses: 2,
  /** Their number is fixed when the cluster is created, so none starts with few; more than the most is untried. */
  fewestShards: 512,
  mostShards: 16_384,
  /** Where Temporal suggests continue-as-new. */
  mostEventsOfRun: 4_096,
  natsReplicas: 3,
  /** One Postgres primary: cores of a common large machine, and a size that can still be restored and vacuumed within hours. */
  postgresCores: 64,
  postgresBytes: 16e12,
  /** Above it, a pooler is needed. */
  postgresConnections: 500,
  /** How long emails may pile up in front of the rate limit at the average rate. */
  backlogHours: 1,
  /** What a Temporal Cloud namespace allows by default. */
  cloudActionsPerSecond: 500,
  /** `max_ack_pending` of the consumer of a lane: twenty times the prefetch, and never less than this. */
  leastAckPending: 1_000,
  ackPendingOfPrefetch: 20,
  defaultPrefetch: 100,
  mostPrefetch: 1_000,
} as const;
