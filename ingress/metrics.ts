import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

export interface IngressMetrics {
  registry: Registry;
  events: Counter<'event_type' | 'result'>;
  keptOut: Counter<'journey' | 'because'>;
  deadLetters: Counter<'reason'>;
  feedback: Counter<'type' | 'result'>;
  feedbackSources: Counter<'source' | 'result'>;
  pages: Counter<'page' | 'result'>;
  pauses: Counter;
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
      help: 'Times pulling stopped because something was away',
      registers,
    }),
  };
}
