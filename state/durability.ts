import type { Redis } from './redis.ts';

/**
 * What could make this Redis forget what it has acknowledged, in sentences: what is set, what would be lost, what to set.
 * Changes nothing. Rejects only when Redis is away.
 */
export async function durabilityWarnings(redis: Redis): Promise<string[]> {
  const info = await readInfo(redis);
  const read = async (name: string) => (await readSetting(redis, name)) ?? info.get(inInfo[name] ?? '');
  const names = ['appendonly', 'appendfsync', 'no-appendfsync-on-rewrite', 'maxmemory-policy'];
  const settings = new Map(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
  const unknown = ['appendonly', 'appendfsync', 'maxmemory-policy'].filter((name) => settings.get(name) === undefined);
  return [
    ...(info.get('role') === 'slave' ? [replica] : []),
    ...aboutTheFile(settings),
    ...aboutMemory(settings.get('maxmemory-policy')),
    ...(unknown.length > 0 ? [couldNotBeChecked(unknown)] : []),
  ];
}

/** Whether this Redis is a replica, which takes no writes; false when it does not say. */
export async function isReplica(redis: Redis): Promise<boolean> {
  return (await readInfo(redis)).get('role') === 'slave';
}

/**
 * Whether each claim of the ledger has to wait for the disk by itself (WAITAOF, since Redis 7.2), because this Redis answers
 * before it has written. False also where it cannot wait.
 */
export async function claimsWaitForDisk(redis: Redis): Promise<boolean> {
  const info = await readInfo(redis);
  const [major = 0, minor = 0] = (info.get('redis_version') ?? '').split('.').map(Number);
  const canWait = (major > 7 || (major === 7 && minor >= 2)) && info.get('aof_enabled') === '1';
  return canWait && (await readSetting(redis, 'appendfsync')) !== 'always';
}

const replica =
  'This Redis is a replica: it takes no writes, so nothing can be sent. Point REDIS_URL at the primary server.';

function aboutTheFile(settings: ReadonlyMap<string, string | undefined>): string[] {
  const warnings: string[] = [];
  const onDisk = settings.get('appendonly');
  if (onDisk !== undefined && !['yes', '1'].includes(onDisk)) {
    return [
      'appendonly is no: a restart of Redis forgets everything since its last snapshot, opt-outs too, and a mail that left in between can leave again. Set appendonly yes and appendfsync always.',
    ];
  }
  const sync = settings.get('appendfsync');
  if (sync !== undefined && sync !== 'always') {
    const lost = sync === 'everysec' ? 'the last second' : 'the last half minute';
    warnings.push(
      `appendfsync is ${sync}: a crash of its machine forgets ${lost}, and a mail that left in it can leave again. Set appendfsync always.`,
    );
  }
  if (settings.get('no-appendfsync-on-rewrite') === 'yes') {
    warnings.push(
      'no-appendfsync-on-rewrite is yes: while Redis rewrites its file, a crash forgets what it has acknowledged, and mails can leave again. Set no-appendfsync-on-rewrite no.',
    );
  }
  return warnings;
}

function aboutMemory(policy: string | undefined): string[] {
  if (policy === undefined || policy === 'noeviction') return [];
  return [
    `maxmemory-policy is ${policy}: a full Redis throws away what it remembers, and mails can leave again. Set maxmemory-policy noeviction.`,
  ];
}

function couldNotBeChecked(names: readonly string[]): string {
  return `${names.join(', ')} could not be checked: CONFIG is not permitted here. Ask whoever runs this Redis whether it writes to disk before it answers (appendonly yes, appendfsync always) and never evicts (maxmemory-policy noeviction).`;
}

/** Where a managed Redis without CONFIG still tells. */
const inInfo: Record<string, string> = { appendonly: 'aof_enabled', 'maxmemory-policy': 'maxmemory_policy' };

async function readSetting(redis: Redis, name: string): Promise<string | undefined> {
  const reply = await unlessRefused(() => redis.config('GET', name));
  return Array.isArray(reply) ? reply[1] : undefined;
}

async function readInfo(redis: Redis): Promise<Map<string, string>> {
  const text = (await unlessRefused(() => redis.info())) ?? '';
  return new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]));
}

/** Undefined when Redis answers that we may not ask; any other trouble is thrown. */
async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if ((error as Error).name === 'ReplyError') return undefined;
    throw error;
  }
}
