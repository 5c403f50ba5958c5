import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A TCP relay before a server. Cut, it refuses and drops every connection, as a server that has died does. */
export interface Relay {
  address: string;
  cut(): void;
  mend(): Promise<void>;
  /** Drops every connection, and each new one until it is mended, as a proxy does whose server has died. Returns how many it dropped. */
  drop(): { dropped(): number };
  /** The same from the next request on that contains these bytes. Resolves when that has happened. */
  dropAt(bytes: string): Promise<void>;
  /** Drops every connection and leads new ones elsewhere, as a virtual address does after a failover. */
  retarget(target: string): void;
  /** Leads new connections elsewhere, as a name does that was changed; those that are open stay. */
  passNewTo(target: string): void;
  /** Drops the reply to the next request that contains these bytes, and its connection. Resolves when that has happened. */
  loseReplyTo(bytes: string): Promise<void>;
  close(): void;
}

export async function startRelay(target: string): Promise<Relay> {
  let [host = '127.0.0.1', port = '0'] = target.split(':');
  const open = new Set<Socket>();
  let server: Server | undefined;
  let dropping: { count: number } | undefined;
  let last: { bytes: string; came: () => void } | undefined;
  let doomed: { bytes: string; lost: () => void } | undefined;

  /** Passes everything on, but for a reply that is to be lost. */
  const join = (incoming: Socket, outgoing: Socket) => {
    let losing: (() => void) | undefined;
    incoming.on('data', (request: Buffer) => {
      if (last && request.includes(last.bytes)) {
        drop();
        last.came();
        last = undefined;
        return;
      }
      if (!doomed || !request.includes(doomed.bytes)) return;
      losing = doomed.lost;
      doomed = undefined;
    });
    incoming.pipe(outgoing);
    outgoing.on('data', (reply: Buffer) => {
      if (losing) {
        incoming.destroy();
        losing();
      } else incoming.write(reply);
    });
    outgoing.on('end', () => incoming.end());
  };
  const listen = (at: number) =>
    new Promise<number>((resolve) => {
      server = createServer((incoming) => {
        if (dropping) {
          dropping.count += 1;
          incoming.destroy();
          return;
        }
        const outgoing = connect(Number(port), host);
        for (const socket of [incoming, outgoing]) {
          open.add(socket);
          socket.on('error', () => socket.destroy());
          socket.on('close', () => {
            open.delete(socket);
            incoming.destroy();
            outgoing.destroy();
          });
        }
        join(incoming, outgoing);
      });
      const listening = server.listen(at, '127.0.0.1', () => resolve((listening.address() as AddressInfo).port));
    });
  const dropOpen = () => {
    for (const socket of open) socket.destroy();
  };
  const drop = () => {
    const outage = (dropping = { count: 0 });
    dropOpen();
    return { dropped: () => outage.count };
  };
  const passNewTo = (next: string) => {
    [host = '127.0.0.1', port = '0'] = next.split(':');
  };
  const cut = () => {
    server?.close();
    dropOpen();
  };
  const own = await listen(0);
  return {
    address: `127.0.0.1:${own}`,
    cut,
    async mend() {
      if (!dropping) await listen(own);
      dropping = undefined;
    },
    drop,
    dropAt: (bytes) => new Promise((came) => (last = { bytes, came })),
    retarget(next) {
      passNewTo(next);
      dropOpen();
    },
    passNewTo,
    loseReplyTo: (bytes) => new Promise((lost) => (doomed = { bytes, lost })),
    close: cut,
  };
}
