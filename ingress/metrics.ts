import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

export interface IngressMetrics {
  registry: Registry;
  events: Counter<'event_type' | 'result'>;
  dropped: Counter<'event_type' | 'field'>;
  keptOut: Counter<'journey' | 'because'>;
  deadLetters: Counter<'reason'>;
  feedback: Counter<'type' | 'result'>;
  feedbackSources: Counter<'source' | 'result'>;
  pages: Counter<'page' | 'result'>;
  pauses: Counter<'lane'>;
  /** Messages that left their line: `failed`, `unavailable` or `person_busy`. */
  retries: Counter<'lane' | 'reason'>;
  requeued: Counter<'lane'>;
  /** Messages of which not even a dead letter could be written. */
  lostLetters: Counter<'reason'>;
  expired: Counter;
  laneWaiting: Gauge<'lane'>;
  laneOldest: Gauge<'lane'>;
  laneStalled: Gauge<'lane'>;
  laneRetries: Gauge<'lane'>;
}

export function createIngressMetrics(): IngressMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    events: new Counter({
      name: 'rivulet_events_total',
      help: 'Events taken in',
      labelNames: ['event_type', 'result'],
      registers,
    }),
    dropped: new Counter({
      name: 'rivulet_event_fields_dropped_total',
      help: 'Optional fields of events that could not be used, and unknown ones that are probably slips',
      labelNames: ['event_type', 'field'],
      registers,
    }),
    keptOut: new Counter({
      name: 'rivulet_entries_refused_total',
      help: 'Events whose person did not enter the journey, by the setting that said so',
      labelNames: ['journey', 'because'],
      registers,
    }),
    deadLetters: new Counter({
      name: 'rivulet_dead_letters_total',
      help: 'Events refused',
      labelNames: ['reason'],
      registers,
    }),
    feedback: new Counter({
      name: 'rivulet_feedback_total',
      help: 'Provider events taken in',
      labelNames: ['type', 'result'],
      registers,
    }),
    feedbackSources: new Counter({
      name: 'rivulet_feedback_source_total',
      help: 'Messages with feedback that came from outside, and what became of them',
      labelNames: ['source', 'result'],
      registers,
    }),
    pages: new Counter({
      name: 'rivulet_pages_total',
      help: 'Requests to the pages behind links in mails',
      labelNames: ['page', 'result'],
      registers,
    }),
    pauses: new Counter({
      name: 'rivulet_ingress_pauses_total',
      help: 'Times a lane stopped pulling because a dependency was unavailable',
      labelNames: ['lane'],
      registers,
    }),
    retries: new Counter({
      name: 'rivulet_ingress_retries_total',
      help: 'Messages that left their lane to be retried, by reason',
      labelNames: ['lane', 'reason'],
      registers,
    }),
    requeued: new Counter({
      name: 'rivulet_ingress_requeued_total',
      help: 'Messages returned to NATS because a dependency was unavailable',
      labelNames: ['lane'],
      registers,
    }),
    lostLetters: new Counter({
      name: 'rivulet_dead_letters_lost_total',
      help: 'Messages given up because not even a dead letter could be written of them',
      labelNames: ['reason'],
      registers,
    }),
    expired: new Counter({
      name: 'rivulet_messages_expired_total',
      help: 'Messages that left the stream (max_age, a purge) before an ingress had read them',
      registers,
    }),
    laneWaiting: new Gauge({
      name: 'rivulet_lane_waiting',
      help: 'Messages that are not processed yet, retries not included',
      labelNames: ['lane'],
      registers,
    }),
    laneOldest: new Gauge({
      name: 'rivulet_lane_oldest_seconds',
      help: 'Age of the oldest message that is not processed yet, retries included',
      labelNames: ['lane'],
      registers,
    }),
    laneStalled: new Gauge({
      name: 'rivulet_lane_stalled_seconds',
      help: 'For how long this ingress has processed nothing although messages wait',
      labelNames: ['lane'],
      registers,
    }),
    laneRetries: new Gauge({
      name: 'rivulet_lane_retries',
      help: 'Messages that wait to be retried',
      labelNames: ['lane'],
      registers,
    }),
  };
}
