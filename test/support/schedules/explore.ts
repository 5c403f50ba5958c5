/** A system that takes one step at a time. Two systems in the same state have the same future. */
export interface System {
  /** The steps that may come next, in a fixed order. */
  choices(): string[];
  /** Throws a Violation when the step breaks an invariant. */
  take(choice: string): Promise<void>;
  /** Everything that the future depends on, as text. */
  state(): string;
  /** The part of the state that `end` depends on. */
  endState(): string;
  /** Whether the schedule may end here. */
  mayEnd(): boolean;
  /** Lets the rest happen without faults and checks how it ends. Uses the system up. */
  end(): Promise<void>;
}

/** An invariant that does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export interface Exploration {
  /** Different states; each was reached, checked and left by every step that it allows. */
  states: number;
  /** Steps that were run against the database. */
  steps: number;
  /** Ways through those states from beginning to end. */
  schedules: bigint;
  /** States in which a schedule may end: from each, the rest was run without faults. */
  ends: number;
  /** The longest schedule, in steps. */
  longest: number;
  violation?: { message: string; schedule: readonly string[] };
}

/**
 * Explores every schedule, depth first. A schedule that reaches a known state is not followed again: its future is known. This is
 * the only reduction, and it is exact because `state` holds everything that the future depends on: the rows, what each actor has
 * observed, and what the environment has left to do. Steps that commute lead to one state, so they cost one visit.
 *
 * `begin` returns a system at the beginning. A schedule is continued by taking its steps again: systems are deterministic.
 * Stops at the first violation.
 */
export async function explore(begin: () => System): Promise<Exploration> {
  const next = new Map<string, string[]>();
  const ends = new Set<string>();
  const jobs: Job[] = [];
  const found: Exploration = { states: 0, steps: 0, schedules: 0n, ends: 0, longest: 0 };

  /** Notes a state that is reached for the first time, and leaves all of its steps but one to be run later. */
  function enter(system: System, state: string, schedule: readonly string[]): string | undefined {
    next.set(state, []);
    found.states += 1;
    found.longest = Math.max(found.longest, schedule.length);
    const [first, ...others] = system.choices();
    for (const choice of others) jobs.push({ schedule, state, choice });
    if (!system.mayEnd()) return first;
    const end = system.endState();
    if (!ends.has(end)) jobs.push({ schedule, state });
    ends.add(end);
    return first;
  }

  async function follow({ schedule, state, choice }: Job): Promise<void> {
    const system = begin();
    const taken: string[] = [];
    try {
      for (const step of schedule) {
        taken.push(step);
        await system.take(step);
      }
      if (choice === undefined) {
        await system.end();
        return;
      }
      let [here, step]: [string, string | undefined] = [state, choice];
      while (step !== undefined && !found.violation) {
        taken.push(step);
        await system.take(step);
        found.steps += 1;
        const there = system.state();
        next.get(here)!.push(there);
        if (next.has(there)) return;
        [here, step] = [there, enter(system, there, [...taken])];
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw new Error(`after ${taken.join(', ')}`, { cause: error });
      found.violation ??= { message: error.message, schedule: taken };
    }
  }

  const system = begin();
  const root = system.state();
  const first = enter(system, root, []);
  if (first !== undefined) jobs.push({ schedule: [], state: root, choice: first });
  for (let job; !found.violation && (job = jobs.pop()) !== undefined;) await follow(job);
  found.ends = ends.size;
  if (!found.violation) found.schedules = countWays(next, root);
  return found;
}

/** Steps to take again, and the step that follows them; without one, the schedule ends there. */
interface Job {
  schedule: readonly string[];
  state: string;
  choice?: string;
}

/** States are never left and entered again, since every step uses something up. */
function countWays(next: Map<string, string[]>, root: string): bigint {
  const known = new Map<string, bigint>();
  const ways = (state: string): bigint => {
    const before = known.get(state);
    if (before !== undefined) return before;
    const after = next.get(state)!;
    const count = after.length === 0 ? 1n : after.reduce((sum, each) => sum + ways(each), 0n);
    known.set(state, count);
    return count;
  };
  return ways(root);
}
