import { whyUntrusted } from '../tls-failure.ts';
import { redisAddress, type RedisServer } from './settings.ts';

/**
 * Returns why Redis denied this process access, as a sentence: refused credentials, a missing permission or a certificate. Undefined for
 * other errors. Waiting fixes none of these.
 */
export function whyRefused(error: Error, server: RedisServer): string | undefined {
  const all = withCauses(error);
  const text = all.map(({ message }) => message).join(' ');
  const at = redisAddress(server);
  if (/All sentinels/.test(text) && /WRONGPASS|NOAUTH/.test(text)) {
    return `The Sentinels at ${at} refused these credentials. Check REDIS_SENTINEL_USER and REDIS_SENTINEL_PASSWORD.`;
  }
  if (/WRONGPASS|NOAUTH|invalid username-password/.test(text)) {
    return `Redis at ${at} refused these credentials. Check the user and the password: REDIS_URL, REDIS_USER, REDIS_PASSWORD.`;
  }
  const denied = all.find(({ message }) => message.includes('NOPERM'));
  if (denied)
    return `Redis at ${at} does not permit ${whatIsDenied(denied)}. The user needs what deploy/redis/users.acl lists.`;
  const why = all.map((each) => whyUntrusted(each, 'REDIS_CA')).find((found) => found !== undefined);
  return why === undefined ? undefined : `Redis at ${at} ${why}.`;
}

/** Returns the denied command, and its key or channel if that was denied. ioredis attaches the command to the error. */
function whatIsDenied(error: Error & { command?: { name: string; args?: unknown[] } }): string {
  const { name = 'a command', args = [] } = error.command ?? {};
  const command = name.toUpperCase();
  if (/\bchannel/.test(error.message)) return `${command} on the channel ${String(args[0])}`;
  if (/\bkeys?\b/.test(error.message)) return `${command} on the key ${String(args[/^eval/i.test(name) ? 2 : 0])}`;
  const inScript = /run the '?([\w|]+)'? command/.exec(error.message)?.[1];
  return inScript === undefined ? command : inScript.toUpperCase();
}

function withCauses(error: Error): (Error & { code?: unknown })[] {
  const { cause, lastNodeError } = error as { cause?: unknown; lastNodeError?: unknown };
  const more = [cause, lastNodeError].filter((each) => each instanceof Error);
  return [error, ...more.flatMap(withCauses)];
}
