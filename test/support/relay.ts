import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A TCP relay before a server. Cut, it refuses and drops every connection, as a server that has died does. */
export interface Relay {
  address: string;
  cut(): void;
  mend(): Promise<void>;
  close(): void;
}

export async function startRelay(target: string): Promise<Relay> {
  const [host = '127.0.0.1', port = '0'] = target.split(':');
  const open = new Set<Socket>();
  let server: Server | undefined;
  const listen = (at: number) =>
    new Promise<number>((resolve) => {
      server = createServer((incoming) => {
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
        incoming.pipe(outgoing).pipe(incoming);
      });
      const listening = server.listen(at, '127.0.0.1', () => resolve((listening.address() as AddressInfo).port));
    });
  const cut = () => {
    server?.close();
    for (const socket of open) socket.destroy();
  };
  const own = await listen(0);
  return { address: `127.0.0.1:${own}`, cut, mend: async () => void (await listen(own)), close: cut };
}
