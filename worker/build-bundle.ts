import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { loadConfig } from '../config/load.ts';
import { loadDataConverter } from '../runtime/data-converter.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { templateNames } from '../templates/names.ts';
import { bundleWorkflows } from './bundle.ts';
import { noSecret } from '../config/environment.ts';

// `npm run build`: beside the compiled worker, the journeys' bundle, and the templates for where there is no MJML.
const folder = fileURLToPath(new URL('../dist/worker/', import.meta.url));
await mkdir(folder, { recursive: true });
const { config, environment } = loadConfig({ ...process.env, RIVULET_SECRET: noSecret }); // nothing here is secret
const { code } = await bundleWorkflows(await loadDataConverter(environment.RIVULET_DATA_CONVERTER));
await writeFile(`${folder}workflow-bundle.js`, code);
const known = { topics: Object.keys(config.topics) };
const { templates } = await compileAll(config.templates.dir, templateNames, known);
await writeFile(`${folder}templates.json`, JSON.stringify(templates));
