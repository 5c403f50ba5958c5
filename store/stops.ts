import { mailboxOf } from '../events/address.ts';
/** What a gate stops: everything that needs the thing it names. `provider`: its answers cannot be relied on. */
export type GateScope = 'account' | 'credentials' | 'provider' | `identity:${string}` | `configuration:${string}`;

/** The reason of the gate `provider`: several ambiguous answers in a row, and no acceptance between them. */
export const providerUnreliable = 'provider_unreliable';

/** Why a gate is closed, and who can open it again. */
export interface Halt {
  scope: GateScope;
  /** The provider's name for the trouble, if we know it, such as `SendingPausedException`. */
  reason: string;
  /** A sentence of ours: it is shown on `/readyz`, which has no password. */
  detail: string;
  /** `probe`: it opens by itself once a reading call finds the trouble over. `operator`: only manually. */
  opens: 'probe' | 'operator';
}

export interface Gate extends Halt {
  /** By the database's clock, Unix ms. */
  since: number;
  /** What the last probe found; absent before the first. */
  lastProbe?: string;
  /** The last probe found that one email may try. */
  ready?: true;
}

/** What an operator has paused: everything, one journey, or one topic. */
export type PauseScope = 'all' | `journey:${string}` | `topic:${string}`;

export interface Pause {
  scope: PauseScope;
  /** By the database's clock, Unix ms. */
  since: number;
}

/**
 * Why sends wait: gates that the provider's answers closed, and pauses that an operator asked for. The statement that claims
 * an email reads all of them, so a stop counts from the next claim on, in every worker. Each change writes its fact in the
 * same transaction: `gate_closed`, `gate_opened`, `paused`, `resumed`.
 */
export interface Stops {
  /** True when the gate was open until now. A gate that only an operator opens is not weakened to one that a probe opens. */
  close(halt: Halt): Promise<boolean>;
  /** By an operator. False when it was not closed. */
  open(scope: string): Promise<boolean>;
  /** A probe found the trouble over. False when it is no longer the gate that was probed: there may be another trouble by now. */
  openProbed(gate: Gate): Promise<boolean>;
  gates(): Promise<Gate[]>;
  /** True for one caller within `everyMs`, and for the first time that long after the gate closed: the caller that gets it probes. */
  probeIsDue(gate: Gate, everyMs: number): Promise<boolean>;
  /** Records what a probe found about a gate that stays closed. */
  probed(scope: GateScope, found: string, state?: { ready: true }): Promise<void>;
  /** True when it was not paused until now. */
  pause(scope: PauseScope): Promise<boolean>;
  /** False when it was not paused. */
  resume(scope: PauseScope): Promise<boolean>;
  pauses(): Promise<Pause[]>;
}

/** The gate that closes when the provider's answers no longer say whether it accepts: see activities/provider-health.ts. */
export const providerGate = 'gate/provider';

/** The names of the stops that hold an email from this sender, through this configuration set, of this journey and topic. */
export function stopsBefore(mail: {
  from: string;
  configurationSet?: string | undefined;
  journey?: string | undefined;
  topic?: string | undefined;
}): string[] {
  const address = addressOf(mail.from);
  const gates: GateScope[] = ['account', 'credentials', 'provider'];
  gates.push(`identity:${address}`, `identity:${domainOf(address)}`);
  if (mail.configurationSet) gates.push(`configuration:${mail.configurationSet}`);
  const pauses: PauseScope[] = ['all'];
  if (mail.journey) pauses.push(`journey:${mail.journey}`);
  if (mail.topic) pauses.push(`topic:${mail.topic}`);
  return [...gates.map((scope) => `gate/${scope}`), ...pauses.map((scope) => `pause/${scope}`)];
}

/** The bare address of a From header, in lower case. */
export function addressOf(from: string): string {
  return mailboxOf(from).address.toLowerCase();
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
