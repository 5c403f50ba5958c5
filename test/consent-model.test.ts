import { describe, expect, it } from 'vitest';

import { consentModel } from '../config/consent-model.ts';

describe('what a country asks for', () => {
  const compliance = { gdpr: true, ccpa: true, consent_check: true };

  it.each([
    ['DE', compliance, 'opt_in'],
    ['GB', compliance, 'opt_in'],
    ['US', compliance, 'opt_out'],
    ['JP', compliance, 'opt_in'],
    [undefined, compliance, 'opt_in'],
    ['DE', { ...compliance, gdpr: false }, 'opt_out'],
    [undefined, { ...compliance, gdpr: false }, 'opt_in'],
    ['US', { ...compliance, ccpa: false }, 'opt_in'],
    ['DE', { ...compliance, consent_check: false }, 'opt_out'],
    [undefined, { ...compliance, consent_check: false }, 'opt_out'],
  ] as const)('%s under %o: %s', (country, rules, model) => {
    expect(consentModel(rules, country)).toBe(model);
  });
});
