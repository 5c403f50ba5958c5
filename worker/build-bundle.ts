import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { loadConfig } from '../config/load.ts';
import { loadDataConverter } from '../runtime/data-converter.ts';
import type { BuiltTemplates } from '../templates/built.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { templateNames } from '../templates/names.ts';
import { bundleWorkflows } from './bundle.ts';
import { noSecret } from '../config/environment.ts';

// `npm run build`: the bundle of the journeys, and the compiled templates for where MJML is not installed.
const folder = fileURLToPath(new URL('../dist/worker/', import.meta.url));
await mkdir(folder, { recursive: true });
const { config, environment } = loadConfig({ ...process.env, RIVULET_SECRET: noSecret }); // nothing here is secret
const { code } = await bundleWorkflows(await loadDataConverter(environment.RIVULET_DATA_CONVERTER));
await writeFile(`${folder}workflow-bundle.js`, code);
const known = { topics: Object.keys(config.topics) };
const built: BuiltTemplates = await compileAll(config.templates.dir, templateNames, known);
await writeFile(fileURLToPath(new URL('../dist/templates/built.json', import.meta.url)), JSON.stringify(built));
