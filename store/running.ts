/** A journey that runs, or is about to: what ingress must know to bring it the events it listens for. */
export interface RunningJourney {
  workflowId: string;
  journey: string;
  listensFor: readonly string[];
  /** What its emails are about; opting out of it ends the journey. */
  topic?: string;
  /** Nothing that the person says about marketing ends it. */
  transactional?: true;
  /** When the event that started it happened, Unix ms: nothing earlier is brought to it. */
  since: number;
  /** When it was registered, Unix ms. */
  registeredAt: number;
}

/** The same with the person whom it is about. */
export interface RegisteredJourney extends RunningJourney {
  userId: string;
}

/** A run that has ended. */
export type EndedRun = Pick<RegisteredJourney, 'userId' | 'workflowId'>;

/**
 * The running journeys of each person. An entry is recorded before the run is started and removed once the run has ended, so that
 * it is never missing, at worst superfluous.
 */
export interface RunningJourneys {
  /** One that is registered already stays as it is. */
  register(userId: string, journey: RunningJourney): Promise<void>;
  /** In the order in which they were registered. */
  of(userId: string): Promise<RunningJourney[]>;
  /** Those of them that listen for events of this type, and began when it happened (Unix ms) or before. */
  listening(userId: string, eventType: string, happenedAt: number): Promise<RunningJourney[]>;
  forget(userId: string, workflowId: string): Promise<void>;
  /** Removes many at once, of any people. Returns how many of them there were. */
  forgetEnded(ended: readonly EndedRun[]): Promise<number>;
  /**
   * Entries that have not been checked for longer than `olderThanMs`, at most `limit`, longest unchecked first. They count as
   * checked from now on: the caller forgets those whose runs have ended. Two callers get different ones.
   */
  stale(olderThanMs: number, limit: number): Promise<RegisteredJourney[]>;
}
