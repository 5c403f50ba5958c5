/**
 * Something the user can put right: the message is the whole story. Print it without a stack trace and exit with 1.
 */
export class CannotStart extends Error {
  override name = 'CannotStart';
}

/** A server that is neither installed nor could be fetched. */
export class ServersMissing extends CannotStart {
  override name = 'ServersMissing';
}

/** Another process works on the same data folder. */
export class DataInUse extends CannotStart {
  override name = 'DataInUse';
  readonly pid: number;

  constructor(message: string, pid: number) {
    super(message);
    this.pid = pid;
  }
}

/** A server that ended, or did not become healthy in time, while it was being started. */
export class ServerFailed extends CannotStart {
  override name = 'ServerFailed';
  /** Somebody else took the port between our look and the server's bind. */
  readonly portTaken: boolean;

  constructor(message: string, portTaken: boolean) {
    super(message);
    this.portTaken = portTaken;
  }
}
