import { Hono } from 'hono';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { Config } from '../config/schema.ts';
import { sendersOf } from '../config/senders.ts';
import { compareVersions, historyOf, postgresUnavailable } from './compare-versions.ts';
import { look, type Look, type LookDependencies } from './look.ts';
import { longestJson, WrongData } from './mail-data.ts';
import { headersOf, type HeaderSettings } from './mail-headers.ts';
import type { Mailer, Versions } from './product.ts';
import type { RecentEvents } from './recent-events.ts';
import { sendTest } from './send-test.ts';
import type { OnDisk, TemplatesOnDisk } from './templates-on-disk.ts';
import { type View, viewOf } from './view.ts';

export interface ApiDependencies extends LookDependencies {
  config: () => Config;
  templates: TemplatesOnDisk;
  versions: Versions;
  events: RecentEvents;
  mailer: Pick<Mailer, 'send'>;
}

const viewBody = z.record(z.string(), z.string());

/** What the page shows, as JSON; and the two things that it can do: take other data, and send a test. */
export function previewApi(deps: ApiDependencies): Hono {
  const { config, templates, versions, events, edited, mailer } = deps;
  const app = new Hono();
  app.use(bodyLimit({ maxSize: 2 * longestJson }));

  app.get('/templates', async (c) => c.json((await templates.all()).map(summary)));

  app.get('/templates/:name', async (c) => {
    const seen = await look(named(c), deps);
    return seen ? c.json(details(seen, headerSettings(config()))) : missing(c);
  });

  app.get('/templates/:name/events', async (c) => {
    const seen = await look(named(c), deps);
    if (!seen) return missing(c);
    try {
      return c.json(await events.list(seen.template?.events ?? []));
    } catch (error) {
      return c.json({ message: (error as Error).message }, 503);
    }
  });

  app.get('/templates/:name/versions', async (c) => {
    const view = named(c);
    const onDisk = await templates.find(view.template);
    if (!onDisk) return missing(c);
    try {
      const history = await historyOf(view.template, versions);
      const { left, right, files } = await compareVersions(view, onDisk.last, history, versions);
      return c.json({ ...history, left: left.version, right: right.version, files });
    } catch (error) {
      return c.json({ message: postgresUnavailable(error as Error) }, 503);
    }
  });

  app.post('/data', async (c) => {
    try {
      return c.json({ data: `edited:${edited.keep(await c.req.text())}` });
    } catch (error) {
      if (!(error instanceof WrongData)) throw error;
      return c.json({ message: `The data cannot be used: ${error.message}` }, 400);
    }
  });

  app.post('/templates/:name/send', async (c) => {
    const body = viewBody.safeParse(await c.req.json().catch(() => undefined));
    if (!body.success)
      return c.json({ message: 'The body must be a JSON object of texts, such as {"locale": "de"}' }, 400);
    const { seeds, provider } = config();
    const seen = await look({ ...viewOf(body.data, ''), template: c.req.param('name') }, deps);
    if (!seen) return missing(c);
    const { template, mail } = seen;
    if (seeds.length === 0) return c.json({ message: 'There is nobody to send to: rivulet.yaml has no seeds.' }, 409);
    if (!template || !mail) return c.json({ message: `There is no mail to send: ${reasons(seen)}` }, 409);
    // What was asked for and what would be sent must be the same.
    if (seen.problems.length > 0) return c.json({ message: `Nothing was sent. ${seen.problems.join(' ')}` }, 409);
    const settings = { ...headerSettings(config()), seeds, ratePerSecond: provider.rate_limit };
    return c.json({ outcomes: await sendTest(mailer, template, mail, settings) });
  });
  return app;
}

/** What the configuration says about the headers of mails. */
export function headerSettings(config: Config): HeaderSettings {
  const { topics, links } = config;
  return {
    sender: sendersOf(config),
    unsubscribeMailto: links.unsubscribe_mailto,
    topicTitles: Object.fromEntries(Object.entries(topics).map(([topic, { title }]) => [topic, title])),
  };
}

const named = (c: Context): View => ({ ...viewOf(c.req.query(), ''), template: c.req.param('name') ?? '' });

const missing = (c: Context) => c.json({ message: 'There is no such template.' }, 404);

const reasons = ({ onDisk, problems }: Look) => [...onDisk.mistakes, ...problems].join('; ');

function summary({ name, last, findings, mistakes }: OnDisk) {
  return {
    name,
    class: last?.class,
    topic: last?.topic,
    version: last?.version,
    locales: Object.keys(last?.compiled.variants ?? {}),
    errors: mistakes.length + findings.filter(({ level }) => level === 'error').length,
    warnings: findings.filter(({ level }) => level === 'warning').length,
  };
}

function details(seen: Look, settings: HeaderSettings) {
  const { onDisk, template, standing, taken, wanted, zone, data, mail, problems } = seen;
  return {
    ...summary(onDisk),
    standing,
    taken,
    wanted,
    zone,
    data: { from: data.from, ...data.sample },
    mistakes: onDisk.mistakes,
    findings: onDisk.findings,
    problems,
    ...(template && mail && { mail: { ...mail, headers: headersOf(template, mail, settings) } }),
  };
}
