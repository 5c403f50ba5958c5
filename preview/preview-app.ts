import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Config } from '../config/schema.ts';
import {
  MAIL_BODY_POLICY,
  refuseCrossOriginChanges,
  refuseForeignHosts,
  securityHeaders,
} from '../local/ses/guards.ts';
import { ICON } from '../local/ses/page-frame.ts';
import { asSeenIn } from './color-scheme.ts';
import { compareVersions, filesVersion, historyOf, postgresUnavailable } from './compare-versions.ts';
import type { LiveChanges } from './live-changes.ts';
import { look, type Look, lookAt, publishedVersion } from './look.ts';
import { createEditedData } from './mail-data.ts';
import { missingPage, previewPage } from './page.ts';
import type { PageFacts } from './page-facts.ts';
import { headerSettings, previewApi } from './preview-api.ts';
import { previewScript } from './page-script.ts';
import { previewStyle } from './page-style.ts';
import type { Mailer, Versions } from './product.ts';
import type { RecentEvents } from './recent-events.ts';
import { sourceFiles } from './source-files.ts';
import type { TemplatesOnDisk } from './templates-on-disk.ts';
import { viewOf } from './view.ts';

export interface PreviewDependencies {
  /** As it is now: rivulet.yaml may be saved too. */
  config: () => Config;
  templates: TemplatesOnDisk;
  versions: Versions;
  events: RecentEvents;
  mailer: Pick<Mailer, 'send'>;
  live: LiveChanges;
  /** Where test mails can be seen, where that is known. */
  inbox?: string;
}

/** The preview: a page for people, the mail itself for its frames, and the same facts as JSON under /api. */
export function createPreview(deps: PreviewDependencies): Hono {
  const { config, templates, versions, events, live } = deps;
  const workspace = { ...deps, edited: createEditedData() };
  const app = new Hono();
  app.use(refuseForeignHosts([], false), securityHeaders, refuseCrossOriginChanges);

  app.get('/', async (c) => {
    const view = viewOf(c.req.query(), templates.names()[0] ?? '');
    const [seen, all] = await Promise.all([look(view, workspace), templates.all()]);
    if (!seen) return c.html(missingPage(view, all), 404);
    const facts: PageFacts = {
      view,
      look: seen,
      all,
      events: await events.list(seen.template?.events ?? []).catch(away),
      headers: headerSettings(config()),
      sources: view.tab === 'source' ? sourceFiles(config().templates.dir, seen.onDisk) : [],
      versions:
        view.tab === 'versions'
          ? await versionsOf(view, seen, versions).catch((error: Error) => ({ away: postgresUnavailable(error) }))
          : { away: '' },
      seeds: config().seeds,
      ...(deps.inbox !== undefined && { inbox: deps.inbox }),
    };
    return c.html(previewPage(facts));
  });

  app.get('/mail', async (c) => {
    const view = viewOf(c.req.query(), '');
    const version = c.req.query('version') ?? filesVersion;
    c.header('content-security-policy', MAIL_BODY_POLICY);
    if (version === filesVersion) return mailBody(c, await look(view, workspace), view.dark);
    const template = await publishedVersion(view.template, version, versions).catch(() => undefined);
    return mailBody(c, template && (await lookAt(template, view, workspace)), view.dark);
  });

  app.get('/live', (c) => live.serve(c));
  app.get('/preview.js', (c) => c.body(previewScript, 200, { 'content-type': 'text/javascript; charset=utf-8' }));
  app.get('/preview.css', (c) => c.body(previewStyle, 200, { 'content-type': 'text/css; charset=utf-8' }));
  app.get('/icon.svg', (c) => c.body(ICON, 200, { 'content-type': 'image/svg+xml' }));
  for (const path of ['/healthz', '/readyz']) app.get(path, (c) => c.json({ ready: true }));
  app.route('/api', previewApi(workspace));
  return app;
}

async function versionsOf(view: PageFacts['view'], { onDisk }: Look, versions: Versions) {
  const history = await historyOf(view.template, versions);
  return { history, comparison: await compareVersions(view, onDisk.last, history, versions) };
}

const away = ({ message }: Error) => ({ away: message });

/** Sandboxed by its policy, wherever it is opened. */
function mailBody(c: Context, seen: Pick<Look, 'mail' | 'problems'> | undefined, dark: boolean) {
  if (!seen?.mail) {
    const why = seen?.problems.join(' ') || 'There is no such template or version.';
    return c.text(why, 404);
  }
  return c.html(asSeenIn(seen.mail.html, dark ? 'dark' : 'light'));
}
