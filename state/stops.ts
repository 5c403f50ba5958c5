import type { Keys } from './keys.ts';
import { defineScript, type Redis } from './redis.ts';

/** What a gate stops: everything that needs the thing it names. */
export type GateScope = 'account' | 'credentials' | `identity:${string}` | `configuration:${string}`;

/** Why a gate is closed, and who can open it again. */
export interface Halt {
  scope: GateScope;
  /** The provider's name for the trouble, such as `SendingPausedException`. */
  reason: string;
  /** The provider's text, without addresses. */
  detail: string;
  /** `probe`: it opens by itself once a reading call says that the trouble is over. `operator`: only by hand. */
  opens: 'probe' | 'operator';
}

export interface Gate extends Halt {
  /** Redis clock, Unix ms. */
  since: number;
  /** What the last probe said; absent before the first. */
  lastProbe?: string;
}

/** What a person has stopped: everything, one journey, or one topic. */
export type PauseScope = 'all' | `journey:${string}` | `topic:${string}`;

export interface Pause {
  scope: PauseScope;
  /** Redis clock, Unix ms. */
  since: number;
}

/**
 * Why sends must wait: gates that the provider's answers closed, and pauses that a person asked for. All of them stand in
 * one hash, which the scripts that let a mail go read in the same step. So a stop counts from the next send on, in every
 * worker, and costs a send no call of its own.
 */
export interface Stops {
  /** True when the gate was open until now. A gate that waits for an operator is not weakened to one that a probe opens. */
  close(halt: Halt): Promise<boolean>;
  /** By hand. False when it was not closed. */
  open(scope: string): Promise<boolean>;
  /** A probe saw that the trouble is over. False when it is no longer the gate that was probed: another trouble may be behind it. */
  openProbed(gate: Gate): Promise<boolean>;
  gates(): Promise<Gate[]>;
  /** True for one caller within `everyMs`, and for the first time that long after the gate closed: whoever gets it probes. */
  probeIsDue(gate: Gate, everyMs: number): Promise<boolean>;
  /** Notes what a probe said of a gate that stays closed. */
  probed(scope: GateScope, said: string): Promise<void>;
  /** True when it was not paused until now. */
  pause(scope: PauseScope): Promise<boolean>;
  /** False when it was not paused. */
  resume(scope: PauseScope): Promise<boolean>;
  pauses(): Promise<Pause[]>;
}

/** The names in the hash that stop a mail from this sender, through this configuration set, of this journey and topic. */
export function stopsBefore(mail: {
  from: string;
  configurationSet?: string | undefined;
  journey?: string | undefined;
  topic?: string | undefined;
}): string[] {
  const address = addressOf(mail.from);
  const gates: GateScope[] = ['account', 'credentials', `identity:${address}`, `identity:${domainOf(address)}`];
  if (mail.configurationSet) gates.push(`configuration:${mail.configurationSet}`);
  const pauses: PauseScope[] = ['all'];
  if (mail.journey) pauses.push(`journey:${mail.journey}`);
  if (mail.topic) pauses.push(`topic:${mail.topic}`);
  return [...gates.map((scope) => `gate/${scope}`), ...pauses.map((scope) => `pause/${scope}`)];
}

/** The bare address of a From header, in lower case. */
export function addressOf(from: string): string {
  return (/<([^<>]+)>\s*$/.exec(from)?.[1] ?? from).trim().toLowerCase();
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** For scripts that let a mail go: the first of the given names that stands in the hash of stops, else false. */
export const stoppedLua = `
local function stopped(hash, names)
  if #names == 0 then return false end
  for i, found in ipairs(redis.call('HMGET', hash, unpack(names))) do
    if found then return names[i] end
  end
  return false
end`;

const closeScript = `
local old = redis.call('HGET', KEYS[1], ARGV[1])
local time = redis.call('TIME')
local gate = cjson.decode(ARGV[2])
gate.since = time[1] * 1000 + math.floor(time[2] / 1000)
if old then
  local before = cjson.decode(old)
  if before.opens == 'operator' or gate.opens == 'probe' then return 0 end
  gate.since = before.since
end
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(gate))
return old and 0 or 1`;

const openProbedScript = `
local now = redis.call('HGET', KEYS[1], ARGV[1])
if not now then return 0 end
local gate = cjson.decode(now)
if gate.opens ~= 'probe' or string.format('%.0f', gate.since) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])`;

const probedScript = `
local old = redis.call('HGET', KEYS[1], ARGV[1])
if not old then return 0 end
local gate = cjson.decode(old)
gate.lastProbe = ARGV[2]
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(gate))
return 1`;

const probeIsDueScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now < tonumber(ARGV[2]) + tonumber(ARGV[1]) then return 0 end
return redis.call('SET', KEYS[1], '1', 'PX', ARGV[1], 'NX') and 1 or 0`;

const pauseScript = `
local time = redis.call('TIME')
return redis.call('HSETNX', KEYS[1], ARGV[1], string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))`;

export function createStops(redis: Redis, keys: Pick<Keys, 'stops' | 'turn'>): Stops {
  const close = defineScript<number>(redis, 'rivuletCloseGate', 1, closeScript, 'goOn');
  const openProbed = defineScript<number>(redis, 'rivuletOpenProbedGate', 1, openProbedScript, 'goOn');
  const probed = defineScript<number>(redis, 'rivuletGateProbed', 1, probedScript, 'goOn');
  const probeIsDue = defineScript<number>(redis, 'rivuletProbeIsDue', 1, probeIsDueScript, 'goOn');
  const pause = defineScript<number>(redis, 'rivuletPause', 1, pauseScript, 'goOn');
  const key = keys.stops();
  const entries = async (kind: 'gate/' | 'pause/') =>
    Object.entries(await redis.hgetall(key))
      .filter(([name]) => name.startsWith(kind))
      .map(([name, value]) => [name.slice(kind.length), value] as const)
      .sort(([a], [b]) => a.localeCompare(b));
  return {
    close: async ({ scope, ...gate }) => (await close([key], [`gate/${scope}`, JSON.stringify(gate)])) === 1,
    open: async (scope) => (await redis.hdel(key, `gate/${scope}`)) === 1,
    openProbed: async ({ scope, since }) => (await openProbed([key], [`gate/${scope}`, String(since)])) === 1,
    gates: async () => (await entries('gate/')).map(([scope, value]) => ({ ...JSON.parse(value), scope }) as Gate),
    probeIsDue: async ({ scope, since }, everyMs) =>
      (await probeIsDue([keys.turn(`probe/${scope}`)], [everyMs, since])) === 1,
    probed: async (scope, said) => {
      await probed([key], [`gate/${scope}`, said]);
    },
    pause: async (scope) => (await pause([key], [`pause/${scope}`])) === 1,
    resume: async (scope) => (await redis.hdel(key, `pause/${scope}`)) === 1,
    pauses: async () =>
      (await entries('pause/')).map(([scope, since]) => ({ scope: scope as PauseScope, since: Number(since) })),
  };
}
