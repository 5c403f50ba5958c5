import { loadConfig } from '../config/load.ts';
import { loadCatalogue } from '../templates/catalogue.ts';
import { bundleJourneys } from './load-journeys.ts';

/** Whether a worker could start from what is there now. Connects to nothing; throws what would stop it. */
export async function checkWorker(): Promise<void> {
  const { config } = loadConfig(process.env);
  await bundleJourneys(loadCatalogue(config.templates.dir, Object.keys(config.topics)));
}
