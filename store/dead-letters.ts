/**
 * Which events have been written to the dead letters, so that a second delivery writes no second letter. A mark is kept longer than
 * an event stays in its stream: it cannot be delivered again after that.
 */
export interface DeadLetters {
  isWritten(id: string): Promise<boolean>;
  markWritten(id: string): Promise<void>;
}
