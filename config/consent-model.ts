import type { Config } from './schema.ts';

/** `opt_in`: a marketing mail needs a consent. `opt_out`: only a no stops it. */
export type ConsentModel = 'opt_in' | 'opt_out';

/** EU, EEA, the United Kingdom and Switzerland: the GDPR, or a law like it. */
const gdprCountries = new Set(
  'AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK'.split(' '),
);

/**
 * What the configuration asks for a person of this country (ISO 3166). The strictest rule is for everybody whose country
 * is unknown, or has no rule here.
 */
export function consentModel(compliance: Config['compliance'], country: string | undefined): ConsentModel {
  if (!compliance.consent_check) return 'opt_out';
  if (country === 'US' && compliance.ccpa) return 'opt_out';
  if (country !== undefined && gdprCountries.has(country) && !compliance.gdpr) return 'opt_out';
  return 'opt_in';
}
