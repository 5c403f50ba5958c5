import { choosePorts } from './ports.ts';
import type { PortPolicy } from './ports.ts';
import type { ServerName } from './wheels.ts';

/**
 * The ports that health is asked at have no usual number: an answer there can only be our own server's, even when two
 * projects start at the same moment.
 */
const preferredPorts = {
  nats: 4222,
  natsMonitor: undefined,
  redis: 6379,
  postgres: 5432,
  temporal: 7233,
  temporalUi: 8233,
  temporalHttp: undefined,
  temporalMetrics: undefined,
};
export type ServerPort = keyof typeof preferredPorts;
export type ServerPorts = Record<ServerPort, number>;

const portsOf: Record<ServerName, ServerPort[]> = {
  nats: ['nats', 'natsMonitor'],
  redis: ['redis'],
  postgres: ['postgres'],
  temporal: ['temporal', 'temporalUi', 'temporalHttp', 'temporalMetrics'],
};

/** `wishes`: other ports than the usual ones; undefined for any free one. */
export function chooseServerPorts(
  wishes: { [port in ServerPort]?: number | undefined },
  policy: PortPolicy,
): Promise<ServerPorts> {
  return choosePorts<ServerPort>({ ...preferredPorts, ...wishes }, policy);
}

/** Any free ports for one server, after another program took one of its own. */
export function freePortsFor(name: ServerName): Promise<Partial<ServerPorts>> {
  return choosePorts(Object.fromEntries(portsOf[name].map((port) => [port, undefined])), 'free');
}

export function temporalPorts(at: ServerPorts) {
  return { port: at.temporal, uiPort: at.temporalUi, httpPort: at.temporalHttp, metricsPort: at.temporalMetrics };
}
