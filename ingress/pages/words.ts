/** Everything that the pages say. Each language has all of it; `topic` and `sender` are names as people know them. */
export interface PageWords {
  dir: 'ltr' | 'rtl';
  theseMails: string;
  leave: { title: (topic: string) => string; body: (sender: string) => string; button: string };
  left: { title: string; body: (topic: string, sender: string) => string };
  undo: { hint: string; button: string; title: string; done: string; expiredTitle: string; expired: string };
  preferences: {
    title: string;
    intro: (sender: string) => string;
    legend: string;
    agreement: (sender: string) => string;
    save: string;
    saved: string;
    unchanged: string;
    link: string;
  };
  all: { title: string; body: string; button: string; done: string };
  stopped: { complaint: string; bounce: string };
  confirm: { title: string; body: (sender: string) => string; button: string; doneTitle: string; done: string };
  nothingToConfirm: { title: string; body: string };
  notFound: { title: string; body: string };
  failed: { title: string; body: string };
  foreign: { title: string; body: string };
  tooMany: { title: string; body: string };
  /** `minute` and `hour`: how long to wait. */
  tooManyChanges: { title: string; minute: string; hour: string };
}

export const english: PageWords = {
  dir: 'ltr',
  theseMails: 'these emails',
  leave: {
    title: (topic) => `Unsubscribe from ${topic}?`,
    body: (sender) => `You will no longer get these emails from ${sender}.`,
    button: 'Unsubscribe',
  },
  left: {
    title: 'You are unsubscribed',
    body: (topic, sender) => `${sender} will not send you ${topic} any more.`,
  },
  undo: {
    hint: 'Not what you wanted?',
    button: 'Undo',
    title: 'Undo your last change?',
    done: 'Undone. Everything is as it was before.',
    expiredTitle: 'Too late to undo',
    expired: 'A change can be undone for half an hour. You can still change everything in your preferences.',
  },
  preferences: {
    title: 'Email preferences',
    intro: (sender) => `Choose which emails you would like from ${sender}. Receipts and the like come in any case.`,
    legend: 'Emails about',
    agreement: (sender) =>
      `By saving I agree that ${sender} may email me about what is ticked. I can take that back here at any time.`,
    save: 'Save',
    saved: 'Your choice is saved.',
    unchanged: 'Nothing has changed: it already was as you chose.',
    link: 'Choose what you get',
  },
  all: {
    title: 'Rather nothing at all?',
    body: 'Ends all of the emails above, and those that may be added one day.',
    button: 'Unsubscribe from all',
    done: 'You are unsubscribed from everything.',
  },
  stopped: {
    complaint: 'You get no emails at present, because one was reported as spam from your mailbox.',
    bounce: 'You get no emails at present, because they could not be delivered to your address.',
  },
  confirm: {
    title: 'Confirm your subscription',
    body: (sender) => `Yes, this is my address, and ${sender} may send me the emails I asked for:`,
    button: 'Confirm',
    doneTitle: 'You are subscribed',
    done: 'Thank you. Your subscription is confirmed.',
  },
  nothingToConfirm: {
    title: 'Nothing to confirm',
    body: 'There is no subscription here that waits for your word.',
  },
  notFound: {
    title: 'This link does not work',
    body: 'It may have been cut off on its way. Please open the link in the email itself, or use a newer email.',
  },
  failed: {
    title: 'That did not work',
    body: 'Nothing has been changed. Please try again in a minute.',
  },
  foreign: {
    title: 'That came from somewhere else',
    body: 'Nothing has been changed. Please open the link in the email itself, and choose there.',
  },
  tooMany: { title: 'Too many attempts', body: 'Please wait a minute, then open the link in the email again.' },
  tooManyChanges: {
    title: 'Too many changes',
    minute:
      'Topics that you turned off are saved. To subscribe to a topic, wait a minute, then open the link in the email again.',
    hour: 'Topics that you turned off are saved. To subscribe to a topic, wait an hour, then open the link in the email again.',
  },
};
