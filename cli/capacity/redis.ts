import type { Figures } from './costs.ts';
import { limits } from './limits.ts';
import type { Load } from './load.ts';
import { busyCores, withRoom } from './processes.ts';
import { perSecond, type Traffic } from './traffic.ts';

export interface RedisNeeds {
  contactsBytes: number;
  consentsBytes: number;
  sendsBytes: number;
  decisionsBytes: number;
  engagementBytes: number;
  templatesBytes: number;
  bytes: number;
  callsPerSecondPeak: number;
  /** Of the one core that a primary can use. */
  busyShare: number;
  /** Primaries that this would take. An installation has one, so it is also the number of installations. */
  primaries: number;
}

export function redisNeeds(load: Load, traffic: Traffic, figures: Figures): RedisNeeds {
  const of = figures;
  const parts = {
    contactsBytes: load.people * of.contactBytes,
    consentsBytes: load.people * of.consentBytes,
    sendsBytes: traffic.mailsPerDay * load.rememberSendsDays * of.sendBytes,
    decisionsBytes: traffic.runsPerDay * load.rememberDecisionsDays * of.decisionBytes,
    engagementBytes: traffic.mailsPerDay * of.openedShare * of.rememberOpensDays * of.engagementBytes,
    templatesBytes: of.templatesBytes,
  };
  const bytes = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const { mailsPerDay, runsPerDay, feedbackPerDay } = traffic;
  const calls = mailsPerDay * of.mailCalls + runsPerDay * of.eventCalls + feedbackPerDay * of.feedbackCalls;
  const busyShare = busyCores(mailsPerDay * of.redisMs, load);
  return {
    ...parts,
    bytes,
    callsPerSecondPeak: perSecond(calls, load).peak,
    busyShare,
    primaries: Math.max(Math.ceil(bytes / limits.redisPrimaryBytes), withRoom(busyShare)),
  };
}
