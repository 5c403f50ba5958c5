/** The command was used wrongly; nothing was done. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

/** A server does not answer; the message says which one and what to do. */
export class ServerAway extends Error {
  override readonly name = 'ServerAway';
}

/** A server answers but refuses this user: neither retrying nor skipping it helps. */
export class ServerRefuses extends ServerAway {}

/** The command was used rightly, but what it was to act on is not there or not usable; what was done is in its output. */
export class NotDone extends Error {
  override readonly name = 'NotDone';
}
