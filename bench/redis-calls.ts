import type { Redis } from '../store/redis/connect.ts';

type SendCommand = Redis['sendCommand'];

/** Counts what goes to Redis, by command, until what it gives back is called. */
export function countCommands(client: Redis): () => Map<string, number> {
  const counts = new Map<string, number>();
  const { sendCommand } = client;
  client.sendCommand = function count(...[command, stream]: Parameters<SendCommand>) {
    counts.set(command.name, (counts.get(command.name) ?? 0) + 1);
    return sendCommand.call(this, command, stream);
  };
  return () => {
    client.sendCommand = sendCommand;
    return counts;
  };
}
