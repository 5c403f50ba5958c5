import { loadConfig } from '../config/load.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { templateNames } from '../templates/names.ts';
import { bundleJourneys } from './load-journeys.ts';

/** Whether a worker could start from what is there now. Connects to nothing; throws what would stop it. */
export async function checkWorker(): Promise<void> {
  const { config } = loadConfig(process.env);
  await compileAll(config.templates.dir, templateNames, { topics: Object.keys(config.topics) });
  await bundleJourneys();
}
