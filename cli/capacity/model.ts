import { type CloudNeeds, cloudNeeds } from './cloud.ts';
import { type Figures, figures as ours } from './costs.ts';
import { type Load, mistakesIn } from './load.ts';
import { type NatsNeeds, natsNeeds } from './nats.ts';
import { type IngressNeeds, ingressNeeds, type ProcessNeeds, workerNeeds } from './processes.ts';
import { type RedisNeeds, redisNeeds } from './redis.ts';
import { type TemporalNeeds, temporalNeeds } from './temporal.ts';
import { type Traffic, trafficOf } from './traffic.ts';

export interface SesNeeds {
  mailsPerSecond: number;
  mailsPerDay: number;
}

/** What a load takes, server by server. Units stand in the names; bytes are powers of a thousand. */
export interface Estimate {
  load: Load;
  traffic: Traffic;
  ses: SesNeeds;
  workers: ProcessNeeds;
  ingresses: IngressNeeds;
  temporal: TemporalNeeds;
  nats: NatsNeeds;
  redis: RedisNeeds;
  cloud: CloudNeeds;
}

/** The load is none that anybody could have. */
export class WrongLoad extends Error {
  override readonly name = 'WrongLoad';
}

/** Pure: the same load and figures give the same. Throws one WrongLoad that lists every mistake. */
export function estimate(load: Load, figures: Figures = ours): Estimate {
  const mistakes = mistakesIn(load);
  if (mistakes.length > 0) throw new WrongLoad(mistakes.join('\n'));
  const traffic = trafficOf(load, figures);
  const temporal = temporalNeeds(load, traffic, figures);
  return {
    load,
    traffic,
    ses: { mailsPerSecond: Math.ceil(traffic.mailsPerSecondPeak), mailsPerDay: load.emailsPerDay },
    workers: workerNeeds(load, traffic, figures),
    ingresses: ingressNeeds(load, traffic, figures),
    temporal,
    nats: natsNeeds(load, traffic, figures),
    redis: redisNeeds(load, traffic, figures),
    cloud: cloudNeeds(load, traffic, figures, temporal),
  };
}
