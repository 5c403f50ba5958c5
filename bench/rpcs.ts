import { setTimeout as sleep } from 'node:timers/promises';

/** Requests by operation. */
export type Requests = Record<string, number>;

/** The requests at Temporal's front door so far, for one namespace or all, from the text of its Prometheus page. */
export function requestsIn(page: string, namespace?: string): Requests {
  const counts: Requests = {};
  for (const [, labels = '', value] of page.matchAll(/^service_requests\{([^}]*)\} (\S+)$/gm)) {
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    // Other services count what the server asks of itself, and the system's own namespace is nobody's mail.
    if (label('service_name') !== 'frontend' || label('namespace') === 'temporal_system') continue;
    if (namespace !== undefined && label('namespace') !== namespace) continue;
    const operation = label('operation');
    counts[operation] = (counts[operation] ?? 0) + Number(value);
  }
  return counts;
}

/**
 * Long polls wait for work and are asked whether there is any or not; the rest is asked by health checks and connections at
 * their own pace. None of them is work for a mail.
 */
const notForAMail =
  /^(Poll|Check$|GetSystemInfo|DescribeNamespace|DescribeTaskQueue|List|GetClusterInfo|RecordWorkerHeartbeat|ShutdownWorker)/;

/** What came in between, without long polls and health checks, and without what the bench itself asked. */
export function requestsBetween(before: Requests, after: Requests, own: Requests = {}): Requests {
  const between = Object.entries(after)
    .filter(([operation]) => !notForAMail.test(operation))
    .map(([operation, count]) => [operation, count - (before[operation] ?? 0) - (own[operation] ?? 0)] as const);
  return Object.fromEntries(between.filter(([, count]) => count > 0));
}

export function sumOf(requests: Requests): number {
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}

/** What the server's page says at this moment; it is written about once a second. */
export async function requestsNow(metricsUrl: string, namespace?: string): Promise<Requests> {
  return requestsIn(await (await fetch(metricsUrl)).text(), namespace);
}

/** Reads until the page says the same for longer than it takes to be written. */
export async function readRequests(metricsUrl: string, namespace?: string): Promise<Requests> {
  let seen = await requestsNow(metricsUrl, namespace);
  const deadline = Date.now() + 10_000;
  for (let since = Date.now(); Date.now() - since < 1_200 && Date.now() < deadline; await sleep(200)) {
    const now = await requestsNow(metricsUrl, namespace);
    if (sumOf(requestsBetween(seen, now)) > 0) since = Date.now();
    seen = now;
  }
  return seen;
}
