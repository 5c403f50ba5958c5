/** What was to be simulated makes no sense; the message says what would. */
export class WrongSimulation extends Error {
  override readonly name = 'WrongSimulation';
}

/** The journey uses something of Temporal that is not played here. */
export class NotSimulated extends Error {
  override readonly name = 'NotSimulated';
}
