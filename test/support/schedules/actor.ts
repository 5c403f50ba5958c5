/** A point at which the code of an actor waits until the schedule lets it continue. */
export interface Point {
  label: string;
  /** The statement; absent where the world answers by itself. */
  execute?: () => Promise<unknown>;
}

/** Code that runs from one point to the next, only when the schedule says so. */
export interface Actor {
  /** Waits at a point. Called by the code of the actor. */
  at<T>(point: Point): Promise<T>;
  /** Runs the code until its first point. */
  begin(work: () => Promise<string>): Promise<void>;
  /** Lets the code continue with this result, until its next point or its end. */
  resume(result: unknown): Promise<void>;
  fail(error: Error): Promise<void>;
  /** It never takes another step. */
  crash(): void;
  readonly point: Point | undefined;
  readonly state: 'unborn' | 'waiting' | 'ended' | 'crashed';
  /** How it ended. */
  readonly outcome: string | undefined;
}

export function createActor(): Actor {
  let state: Actor['state'] = 'unborn';
  let outcome: string | undefined;
  let waiting: (Point & { resolve: (result: unknown) => void; reject: (error: Error) => void }) | undefined;
  let stopped = () => {};
  const untilItStops = (go: () => void) =>
    new Promise<void>((resolve) => {
      stopped = resolve;
      go();
    });
  const leave = () => {
    const point = waiting!;
    waiting = undefined;
    return point;
  };

  return {
    at: <T>(point: Point) =>
      new Promise<T>((resolve, reject) => {
        waiting = { ...point, resolve: resolve as (result: unknown) => void, reject };
        stopped();
      }),
    begin: (work) =>
      untilItStops(() => {
        state = 'waiting';
        void work().then((how) => {
          [state, outcome] = ['ended', how];
          stopped();
        });
      }),
    resume: (result) => untilItStops(() => leave().resolve(result)),
    fail: (error) => untilItStops(() => leave().reject(error)),
    crash() {
      state = 'crashed';
      leave();
    },
    get point() {
      return waiting;
    },
    get state() {
      return state;
    },
    get outcome() {
      return outcome;
    },
  };
}
