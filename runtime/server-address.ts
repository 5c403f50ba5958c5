/**
 * Host and port of a server's URL, to be shown on a terminal or in a log. Never what was given: a password may be anywhere
 * in it. What cannot be read without doubt is named by its variable.
 *
 *     serverAddress('redis://:secret@cache.example.com:6380/0', 'REDIS_URL')  // cache.example.com:6380
 */
export function serverAddress(given: string, variable: string): string {
  const servers = given.split(',').map(hostAndPort);
  // A comma beside an @ may be one of a password.
  const isPlain = servers.length === 1 || !given.includes('@');
  return isPlain && servers.every((server) => server !== undefined) ? servers.join(', ') : `the address in ${variable}`;
}

/** Undefined when it is no URL, or when a part of the password may have been read as something else. */
function hostAndPort(server: string): string | undefined {
  try {
    const { host, pathname, search, hash } = new URL(server.includes('://') ? server : `any://${server.trim()}`);
    const afterwards = `${pathname}${search}${hash}`;
    return host === '' || afterwards.includes('@') ? undefined : host;
  } catch {
    return undefined;
  }
}
