import type { Calendar, Person } from '../../simulation/simulate.ts';

/** Whom the simulations of the tests are about. */
export const ada = {
  user_id: 'ada',
  name: 'Ada',
  email: 'ada@example.com',
  time_zone: 'Europe/Berlin',
  country: 'DE',
  topics: ['onboarding', 'offers'],
} satisfies Person;

export const mailsOf = ({ mails }: Calendar) => mails.map(({ local, template }) => `${local} ${template}`);

/** What a calendar gives as reasons for one kind of entry. */
export const said = (calendar: Calendar, what: string) =>
  calendar.entries.filter((entry) => entry.what === what).map(({ why }) => why);
