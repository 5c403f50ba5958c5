import { describe, expect, it } from 'vitest';

import { parseEvent } from '../events/parse.ts';
import { withKnownTopics } from '../ingress/known-topics.ts';

const topics = {
  onboarding: { title: 'Getting started', translations: { de: { title: 'Erste Schritte' } } },
  offers: { title: 'Offers' },
};

function says(type: string, written: unknown) {
  const payload = { consent: { topics: written, source: 'form' } };
  const event = { event_id: 'e_1', event_type: type, user_id: 'u_1', timestamp: Date.now(), payload };
  const read = parseEvent(Buffer.from(JSON.stringify(event)));
  if (!read.ok) return read.error;
  const { consent, dropped } = withKnownTopics(read.parsed, { topics });
  return { topics: consent?.topics, ...(dropped && { problems: dropped.map(({ problem }) => problem) }) };
}

const both = ['onboarding', 'offers'];

describe('the topics of an opt-out', () => {
  it.each<[unknown, string[]]>([
    ['onboarding', ['onboarding']],
    ['onboarding,offers', both],
    ['onboarding;offers', both],
    ['onboarding offers', both],
    ['onboarding\noffers', both],
    ['onboarding|offers', both],
    ['onboarding & offers', both],
    [['onboarding,offers'], both],
    [['onboarding', ' offers '], both],
    [[['onboarding'], ['offers']], both],
    ['["onboarding"]', ['onboarding']],
    [{ 0: 'onboarding', 2: 'offers' }, both],
    ['Onboarding', ['onboarding']],
    ['ONBOARDING', ['onboarding']],
    [['Getting started'], ['onboarding']],
    [['Erste Schritte'], ['onboarding']],
    [['on-boarding'], ['onboarding']],
    [['onboarding\u200b'], ['onboarding']],
    [['onboard\u00edng'], ['onboarding']],
    ['all', ['*']],
    ['ALL', ['*']],
    ['**', ['*']],
    [['＊'], ['*']],
    [['marketing'], ['*']],
    [['onboarding', 'ONBOARDING'], ['onboarding']],
    ['*', ['*']],
  ])('%j are those that it means', (written, found) => {
    expect(says('consent.revoked', written)).toEqual({ topics: found });
  });

  it('are the nearest where there is a slip, and one that nobody knows is recorded; both are reported', () => {
    expect(says('consent.revoked', ['onbording'])).toEqual({
      topics: ['onboarding'],
      problems: ['unknown topic; did you mean "onboarding"?'],
    });
    expect(says('consent.revoked', ['gossip', 'offers'])).toEqual({
      topics: ['gossip', 'offers'],
      problems: ['unknown topic'],
    });
  });

  it('are not looked for at any depth', () => {
    const deep = JSON.parse(`${'['.repeat(1_000)}${']'.repeat(1_000)}`) as unknown;
    expect(says('consent.revoked', deep)).toContain('payload.consent.topics');
  });

  it.each([[[]], [''], [{}], [null], [true], [[' ', ',']]])('%j are none: it says nothing', (written) => {
    expect(says('consent.revoked', written)).toContain('must name at least one topic');
  });
});

describe('the topics of a consent', () => {
  it('are found in the same way, but never guessed, and never all', () => {
    expect(says('consent.granted', 'Offers; getting started')).toEqual({ topics: ['offers', 'onboarding'] });
    expect(says('consent.granted', 'onbording')).toEqual({
      topics: ['onbording'],
      problems: ['unknown topic; did you mean "onboarding"?'],
    });
    expect(says('consent.granted', 'all')).toEqual({ topics: ['all'], problems: ['unknown topic'] });
  });
});
