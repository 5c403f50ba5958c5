import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

import type { Keys } from './keys.ts';
import { clockLua, defineScript, type Redis } from './redis.ts';

/** Who did something to a template, and why. */
export interface Act {
  author: string;
  message: string;
}

/** What was done to a template; the history keeps all of it. */
export interface HistoryEntry extends Act {
  action: 'publish' | 'rollback' | 'pin' | 'unpin';
  version: string;
  /** Whether the version was live from then on; a publish of a pinned template is not. */
  live: boolean;
  /** Redis clock, Unix ms. */
  at: number;
}

/**
 * `live`: sent from now on. `unchanged`: it was live already. `pinned`: kept, but another version is pinned. `taken_back`: kept,
 * but a rollback took this very version back, and publishing it again must be asked for.
 */
export type Published = 'live' | 'unchanged' | 'pinned' | 'taken_back';

/** One published template as it was handed in: JSON with at least these two. */
export interface StoredTemplate {
  name: string;
  version: string;
}

export interface PublishHow {
  again?: boolean;
  onlyFirst?: boolean;
  dryRun?: boolean;
}

/** The templates that are published: every version ever, which one is live, and who made it so. */
export interface TemplateVersions {
  /**
   * `again`: also if a rollback took it back. `onlyFirst`: only if no version is live yet. `dryRun`: says what would become of
   * it, and changes nothing.
   */
  publish(template: StoredTemplate, act: Act, how?: PublishHow): Promise<Published>;
  load(name: string, version: string): Promise<StoredTemplate | undefined>;
  /** The live version of every template. */
  live(): Promise<Map<string, string>>;
  /** Templates that stay at a version until they are unpinned. */
  pinned(): Promise<Map<string, string>>;
  /** Oldest first. */
  history(name: string): Promise<HistoryEntry[]>;
  /** Makes an earlier version live, and notes that the one before was taken back. False when it is not published. */
  rollback(name: string, version: string, act: Act): Promise<boolean>;
  /** Makes a version live and keeps it so. False when it is not published. */
  pin(name: string, version: string, act: Act): Promise<boolean>;
  /** False when it was not pinned. What was published, or rolled back to, last is live then. */
  unpin(name: string, act: Act): Promise<boolean>;
  /**
   * Calls back whenever another version is live somewhere, and whenever one may have become so unheard, until closed. Needs a
   * connection of its own, which it makes.
   */
  onChange(changed: () => void): { close(): void };
}

export function createTemplateVersions(redis: Redis, keys: Keys): TemplateVersions {
  const publishing = defineScript<Published>(redis, 'publishTemplate', 5, publishLua);
  const moving = defineScript<number>(redis, 'moveTemplate', 5, moveLua);
  const keysOf = (name: string, version: string) => [
    keys.templateVersion(name, version),
    keys.templateHistory(name),
    keys.templatesLive(),
    keys.templatesPinned(),
    keys.templatesTakenBack(),
  ];
  const move = async (action: HistoryEntry['action'], name: string, version: string, { author, message }: Act) =>
    (await moving(keysOf(name, version), [name, version, author, message, action, keys.templatesChanged()])) === 1;

  return {
    publish: (template, { author, message }, how = {}) => {
      const { name, version } = template;
      const flags = [how.again, how.onlyFirst, how.dryRun].map((flag) => (flag === true ? 1 : 0));
      const args = [name, version, author, message, keys.templatesChanged(), packed(template), ...flags];
      return publishing(keysOf(name, version), args);
    },
    async load(name, version) {
      const bytes = await redis.getBuffer(keys.templateVersion(name, version));
      return bytes === null ? undefined : (JSON.parse(String(brotliDecompressSync(bytes))) as StoredTemplate);
    },
    live: async () => new Map(Object.entries(await redis.hgetall(keys.templatesLive()))),
    pinned: async () => new Map(Object.entries(await redis.hgetall(keys.templatesPinned()))),
    history: async (name) =>
      (await redis.lrange(keys.templateHistory(name), '0', '-1')).map((json) => JSON.parse(json) as HistoryEntry),
    rollback: (name, version, act) => move('rollback', name, version, act),
    pin: (name, version, act) => move('pin', name, version, act),
    async unpin(name, act) {
      const version = (await redis.hget(keys.templatesPinned(), name)) ?? undefined;
      return version !== undefined && move('unpin', name, version, act);
    },
    onChange(changed) {
      const subscriber = redis.duplicate({ autoResubscribe: false, maxRetriesPerRequest: null });
      subscriber.on('error', () => undefined); // it connects again
      subscriber.on('message', changed);
      // Whatever was published before the channel was open, the first time and after each break, nobody has told us.
      subscriber.on('ready', () => void subscriber.subscribe(keys.templatesChanged()).then(changed, () => undefined));
      return { close: () => subscriber.disconnect() };
    },
  };
}

/** Most of a mail is what every mail has: this makes a tenth of it. */
function packed(template: StoredTemplate): Buffer {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 6 };
  return brotliCompressSync(JSON.stringify(template), { params });
}

/** KEYS: the version, the history, live, pinned, taken back. */
const noteLua = `
${clockLua}
local function note(action, version, live, author, message)
  redis.call('RPUSH', KEYS[2], cjson.encode({
    action = action, version = version, live = live, author = author, message = message, at = math.floor(now / 1000) }))
end`;

/**
 * ARGV: name, version, author, message, channel, the template packed, again, onlyFirst, dryRun. Nothing is ever overwritten: a
 * version is its content. Behind a pin, what the entry before says already is not noted again: a deploy publishes each time.
 */
const publishLua = `
${noteLua}
local name, version = ARGV[1], ARGV[2]
local live = redis.call('HGET', KEYS[3], name)
local dry = ARGV[9] == '1'
if ARGV[8] == '1' and live then return 'unchanged' end
if not dry then redis.call('SET', KEYS[1], ARGV[6], 'NX') end
if live == version then return 'unchanged' end
local mark = name .. '@' .. version
local back = redis.call('SISMEMBER', KEYS[5], mark) == 1
if redis.call('HEXISTS', KEYS[4], name) == 1 then
  if dry then return 'pinned' end
  local again = ARGV[7] == '1' and back
  if again then redis.call('SREM', KEYS[5], mark) end
  local last = redis.call('LINDEX', KEYS[2], -1)
  local entry = last and cjson.decode(last)
  if again or not (entry and entry.action == 'publish' and entry.version == version) then
    note('publish', version, false, ARGV[3], ARGV[4])
  end
  return 'pinned'
end
if back and ARGV[7] ~= '1' then return 'taken_back' end
if dry then return 'live' end
redis.call('SREM', KEYS[5], mark)
redis.call('HSET', KEYS[3], name, version)
note('publish', version, true, ARGV[3], ARGV[4])
redis.call('PUBLISH', ARGV[5], name)
return 'live'`;

/** ARGV: name, version, author, message, action, channel. */
const moveLua = `
${noteLua}
local name, version, action = ARGV[1], ARGV[2], ARGV[5]
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if action == 'unpin' then
  redis.call('HDEL', KEYS[4], name)
  local newest = redis.call('LRANGE', KEYS[2], 0, -1)
  for i = #newest, 1, -1 do
    local entry = cjson.decode(newest[i])
    local kept = redis.call('SISMEMBER', KEYS[5], name .. '@' .. entry.version) == 0
    if kept and (entry.action == 'publish' or entry.action == 'rollback') then
      version = entry.version
      break
    end
  end
else
  local before = redis.call('HGET', KEYS[3], name)
  if action == 'rollback' and before and before ~= version then
    redis.call('SADD', KEYS[5], name .. '@' .. before)
  end
  redis.call('SREM', KEYS[5], name .. '@' .. version)
  if action == 'pin' or redis.call('HEXISTS', KEYS[4], name) == 1 then redis.call('HSET', KEYS[4], name, version) end
end
redis.call('HSET', KEYS[3], name, version)
note(action, version, true, ARGV[3], ARGV[4])
redis.call('PUBLISH', ARGV[6], name)
return 1`;
