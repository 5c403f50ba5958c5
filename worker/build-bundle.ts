import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { bundleWorkflows } from './bundle.ts';

// `npm run build`: the production bundle, beside the compiled worker.
const { code } = await bundleWorkflows();
const folder = fileURLToPath(new URL('../dist/worker/', import.meta.url));
await mkdir(folder, { recursive: true });
await writeFile(`${folder}workflow-bundle.js`, code);
