/** What is killed and frozen. */
export const servers = ['redis', 'postgres', 'nats', 'temporal'] as const;
export const ingresses = ['ingress 1', 'ingress 2'] as const;
export const workers = ['worker 1', 'worker 2', 'worker 3'] as const;
export const targets = [...servers, ...ingresses, ...workers] as const;

export type ServerTarget = (typeof servers)[number];
export type ProcessTarget = (typeof ingresses)[number] | (typeof workers)[number];
export type Target = ServerTarget | ProcessTarget;

export function isServer(target: Target): target is ServerTarget {
  return (servers as readonly string[]).includes(target);
}
