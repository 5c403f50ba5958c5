import type { Activities } from '../../activities/index.ts';

/** Activities of a world in which everything goes well and nobody is mailed, for tests that are about workflow code alone. */
export function quietActivities(but: Partial<Activities> = {}): Activities {
  return {
    checkConsent: async () => 'may_send',
    renderEmail: async () => ({ version: 'v', locale: 'en', subject: 's', content: 'c' }),
    sendEmail: async () => ({ outcome: 'sent' }),
    sendEmailNow: async ({ template }) => ({ outcome: 'sent', template }),
    describePerson: async () => ({ zone: [[0, 0]] }),
    wasClicked: async () => false,
    recallRecipient: async () => undefined,
    applyFeedback: async () => {},
    syncSuppressions: async () => {
      throw new Error('no journey does this');
    },
    ...but,
  };
}
