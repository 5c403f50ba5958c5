import { setMaxListeners } from 'node:events';
import { configFile, loadConfig } from '../config/load.ts';
import { listen } from '../runtime/health.ts';
import { createLog } from '../runtime/log.ts';
import { natsAccess } from '../runtime/nats-connection.ts';
import { runMain, stopSignal } from '../runtime/stop-signal.ts';
import { watchFiles } from '../runtime/watch-files.ts';
import { createLiveChanges } from './live-changes.ts';
import { createPreview } from './preview-app.ts';
import { connectProduct } from './product.ts';
import { createRecentEvents } from './recent-events.ts';
import { createTemplatesOnDisk } from './templates-on-disk.ts';

/** The preview of templates, for a laptop: it asks for no password, and listens on loopback only. */
await runMain(async () => {
  const { config: atStart, environment } = loadConfig(process.env);
  if (process.argv.includes('--check')) return; // the code loads: `npm start` asks before it restarts us
  let config = atStart;
  const log = createLog('preview', environment.LOG_LEVEL);
  const stop = stopSignal();
  setMaxListeners(0, stop); // every open page listens to it

  const product = connectProduct(config, environment);
  await product.checkSecret();
  const { name: stream } = config.queues.marketing_events;
  const events = createRecentEvents({ access: natsAccess(environment), stream });
  const live = createLiveChanges(stop);
  const templates = createTemplatesOnDisk(() => ({
    dir: config.templates.dir,
    topics: Object.keys(config.topics),
  }));
  const inbox = process.env['AWS_ENDPOINT_URL_SESV2'];
  const app = createPreview({
    config: () => config,
    templates,
    versions: product.versions,
    events,
    mailer: product.mailer,
    live,
    // An endpoint elsewhere is no inbox.
    ...(inbox && new URL(inbox).hostname === '127.0.0.1' && { inbox }),
  });

  product.onPublished(() => live.tell(templates.names()));
  const rules = configFile(process.env);
  const saves = watchFiles(
    { paths: [config.templates.dir, rules], concerns: (file) => /\.(mjml|txt)$/.test(file) || file === rules },
    async (files) => {
      if (files.includes(rules)) {
        try {
          config = loadConfig(process.env).config;
        } catch (error) {
          log.warn({ err: error }, 'rivulet.yaml has mistakes: what it said last stays in force');
        }
      }
      const concerned = files.includes(rules)
        ? templates.names().map((name) => `${config.templates.dir}/${name}/`)
        : [];
      live.tell(await templates.takeUp([...files.filter((file) => file !== rules), ...concerned]));
    },
  );

  const http = await listen(app, '127.0.0.1', environment.HTTP_PORT ?? 8026, 'HTTP_PORT');
  log.info({ url: http.url }, 'the preview is served');
  void templates.all(); // the first page need not wait for it

  if (!stop.aborted) await new Promise((stopped) => stop.addEventListener('abort', stopped, { once: true }));
  await saves.close();
  await http.close();
  await events.close();
  await product.close();
});
