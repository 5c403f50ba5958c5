import type { Activities } from '../../activities/index.ts';

/** Activities that succeed and mail no one, for tests that are about workflow code alone. */
export function quietActivities(but: Partial<Activities> = {}): Activities {
  return {
    checkConsent: async () => 'may_send',
    sendEmail: async () => ({ outcome: 'sent' }),
    sendEmailInline: async ({ template }) => ({ outcome: 'sent', template }),
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
