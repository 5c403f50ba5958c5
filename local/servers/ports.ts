import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { CannotStart } from './errors.ts';

/**
 * `exact`: this port or none. `preferred-else-free`: this port, or another when it is taken. `free`: any port.
 */
export type PortPolicy = 'exact' | 'preferred-else-free' | 'free';

// Below the range that systems take outgoing connections from. A client that keeps dialling a dead server's port in that
// range is one day given the same port to dial from, connects to itself, and the server cannot come back.
const lowestFree = 15_000;
const highestFree = 32_000;

/** Chooses a loopback port for every name. A name without a wish gets a free port. */
export async function choosePorts<Name extends string>(
  wishes: Record<Name, number | undefined>,
  policy: PortPolicy,
): Promise<Record<Name, number>> {
  // Every chosen port stays bound until all are chosen, so that no two names get the same one.
  const held: Server[] = [];
  const chosen: Partial<Record<Name, number>> = {};
  try {
    for (const [name, wish] of Object.entries(wishes) as [Name, number | undefined][]) {
      const port = await choose(name, wish, policy, held);
      chosen[name] = port;
    }
  } finally {
    await Promise.all(held.map((server) => new Promise((closed) => server.close(closed))));
  }
  return chosen as Record<Name, number>;
}

async function choose(name: string, wish: number | undefined, policy: PortPolicy, held: Server[]): Promise<number> {
  if (wish !== undefined && policy !== 'free') {
    const server = await bind(wish);
    if (server !== undefined) {
      held.push(server);
      return wish;
    }
    if (policy === 'exact') throw new CannotStart(`Port ${wish} (${name}) on 127.0.0.1 is taken by another program.`);
  }
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(lowestFree, highestFree);
    const server = await bind(port);
    if (server === undefined) continue;
    held.push(server);
    return port;
  }
  throw new CannotStart(`No port for ${name} found between ${lowestFree} and ${highestFree} on 127.0.0.1.`);
}

function bind(port: number): Promise<Server | undefined> {
  return new Promise((bound) => {
    const server = createServer();
    server.once('error', () => bound(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => bound(server));
  });
}
