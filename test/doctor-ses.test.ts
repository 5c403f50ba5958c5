import { describe, expect, it } from 'vitest';

import type { Finding } from '../cli/doctor-finding.ts';
import { judgeAccount, judgeConfigurationSet, judgeEventDestinations, judgeIdentity } from '../cli/doctor-ses.ts';
import { configSchema } from '../config/schema.ts';

describe('what SES says', () => {
  const { provider } = configSchema.parse({});
  const lines = (findings: Finding[]) => findings.map(({ level, about, says }) => `${level} ${about}: ${says}`);
  const well = { SendingEnabled: true, ProductionAccessEnabled: true, EnforcementStatus: 'HEALTHY' };
  const quota = (sent: number, max = 1_000) =>
    lines(
      judgeAccount(
        { ...well, SendQuota: { Max24HourSend: max, SentLast24Hours: sent, MaxSendRate: 10 } },
        provider,
      ).filter(({ about }) => about === 'SES quota'),
    );

  it('of the quota: what is used, and when mail waits for it', () => {
    expect(quota(899)).toEqual(['ok SES quota: 899 of 1000 mails in 24 hours used; 10 a second']);
    expect(quota(900)).toEqual([expect.stringMatching(/^warning .* kept for transactional mail/)]);
    expect(quota(1_000)).toEqual([expect.stringMatching(/^warning .* Mail waits until there is room/)]);
    expect(quota(7, -1)).toEqual(['ok SES quota: 7 mails in 24 hours, without a limit; 10 a second']);
  });

  it('of an account that is shut down', () => {
    const [shut] = judgeAccount({ ...well, EnforcementStatus: 'SHUTDOWN' }, provider);
    expect(shut).toMatchObject({ level: 'wrong', about: 'SES account' });
  });

  it('of a configuration set', () => {
    expect(judgeConfigurationSet('mine', {})).toMatchObject([{ level: 'ok' }]);
    expect(judgeConfigurationSet('mine', undefined)).toMatchObject([{ level: 'wrong' }]);
  });

  it('of event destinations: whether bounces and complaints are reported, and what settles doubt', () => {
    const types = ['BOUNCE', 'COMPLAINT', 'SEND', 'DELIVERY', 'REJECT', 'RENDERING_FAILURE'] as const;
    const destination = (without: readonly string[], Enabled = true) => ({
      Enabled,
      MatchingEventTypes: types.filter((type) => !without.includes(type)),
    });
    const judge = (...all: ReturnType<typeof destination>[]) => judgeEventDestinations('mine', all);
    expect(judge(destination([]))).toMatchObject({ level: 'ok' });
    expect(judge(destination(['BOUNCE', 'SEND']), destination(['COMPLAINT']))).toMatchObject({ level: 'ok' });
    expect(judge()).toMatchObject({ level: 'wrong' });
    expect(judge(destination([], false))).toMatchObject({ level: 'wrong' });
    expect(judge(destination(['COMPLAINT', 'SEND']))).toEqual({
      level: 'wrong',
      about: 'SES events',
      says: 'SES reports no COMPLAINT, so these stop no email. Add COMPLAINT, SEND to an event destination of "mine".',
    });
    expect(judge(destination(['SEND']))).toMatchObject({ level: 'warning' });
  });

  it.each([
    [{ Status: 'PENDING' }, 'is PENDING'],
    [{ Status: 'SUCCESS', SigningEnabled: false }, 'signing is switched off'],
    [undefined, 'is not set up'],
  ] as const)('of DKIM that does not sign (%j): a warning', (DkimAttributes, says) => {
    const identity = DkimAttributes === undefined ? {} : { DkimAttributes };
    expect(judgeIdentity('example.com', identity)).toContainEqual(
      expect.objectContaining({ level: 'warning', about: 'SES DKIM', says: expect.stringContaining(says) }),
    );
  });

  it.each([
    ['USE_DEFAULT_VALUE', 'warning', 'SES uses its own domain meanwhile'],
    ['REJECT_MESSAGE', 'wrong', 'SES refuses every mail'],
  ] as const)('of a MAIL FROM domain without its MX record, with %s: %s', (BehaviorOnMxFailure, level, says) => {
    const mailFrom = {
      MailFromDomain: 'bounce.example.com',
      MailFromDomainStatus: 'FAILED',
      BehaviorOnMxFailure,
    } as const;
    expect(judgeIdentity('example.com', { MailFromAttributes: mailFrom })).toContainEqual(
      expect.objectContaining({ level, about: 'SES MAIL FROM', says: expect.stringContaining(says) }),
    );
  });
});
