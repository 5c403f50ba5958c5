import { localSes } from './local-ses.ts';

export interface Letter {
  from?: string;
  to?: string[];
  subject?: string;
  html?: string;
  text?: string;
  headers?: Record<string, string>;
}

/** The inbox of the stand-in for SES, for the tests of a file; empty before each. */
export function inbox() {
  const local = localSes();
  const get = (path: string) => fetch(local.standIn.url + path);
  return {
    local,
    get,
    page: async (path: string) => (await get(path)).text(),
    /** Gives the id of the mail. */
    async send({ from, to, subject, html, text = 'Hi', headers = {} }: Letter = {}): Promise<string> {
      const content = (Data: string) => ({ Data, Charset: 'UTF-8' });
      const { MessageId } = await local.send({
        FromEmailAddress: from ?? 'Rivulet <hello@example.com>',
        Destination: { ToAddresses: to ?? ['ada@example.com'] },
        EmailTags: [{ Name: 'rivulet-key', Value: 'k1' }],
        Content: {
          Simple: {
            Subject: content(subject ?? 'Welcome'),
            Body: { Text: content(text), ...(html === undefined ? {} : { Html: content(html) }) },
            Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value })),
          },
        },
      });
      return MessageId ?? '';
    },
  };
}
