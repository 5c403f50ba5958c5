import { type CloudNeeds, cloudNeeds } from './cloud.ts';
import { type Figures, figures as ours } from './costs.ts';
import { type Load, problemsOf } from './load.ts';
import { type NatsNeeds, natsNeeds } from './nats.ts';
import { type IngressNeeds, ingressNeeds, type ProcessNeeds, workerNeeds } from './processes.ts';
import { type PostgresNeeds, postgresNeeds } from './postgres.ts';
import { type RedisNeeds, redisNeeds } from './redis.ts';
import { type TemporalNeeds, temporalNeeds } from './temporal.ts';
import { type Traffic, trafficOf } from './traffic.ts';

export interface SesNeeds {
  emailsPerSecond: number;
  emailsPerDay: number;
}

/** What a load needs, server by server. Units are in the names; bytes are powers of a thousand. */
export interface Estimate {
  load: Load;
  traffic: Traffic;
  ses: SesNeeds;
  workers: ProcessNeeds;
  ingresses: IngressNeeds;
  temporal: TemporalNeeds;
  postgres: PostgresNeeds;
  nats: NatsNeeds;
  redis: RedisNeeds;
  cloud: CloudNeeds;
}

/** A value of the load is out of range. */
export class InvalidLoad extends Error {
  override readonly name = 'InvalidLoad';
}

/** Pure. Throws one InvalidLoad that lists every value out of range. */
export function estimate(load: Load, figures: Figures = ours): Estimate {
  const problems = problemsOf(load);
  if (problems.length > 0) throw new InvalidLoad(problems.join('\n'));
  const traffic = trafficOf(load, figures);
  const temporal = temporalNeeds(load, traffic, figures);
  const workers = workerNeeds(load, traffic, figures);
  const ingresses = ingressNeeds(load, traffic, figures);
  return {
    load,
    traffic,
    ses: { emailsPerSecond: Math.ceil(traffic.emailsPerSecondPeak), emailsPerDay: load.emailsPerDay },
    workers,
    ingresses,
    postgres: postgresNeeds(load, traffic, figures, workers.processes + ingresses.processes),
    temporal,
    nats: natsNeeds(load, traffic, figures),
    redis: redisNeeds(load, traffic, figures),
    cloud: cloudNeeds(load, traffic, figures, temporal),
  };
}
