// `npm run build`: SQL and Lua beside the compiled code that reads them.
import { cpSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [from, to] = ['.', '../dist/store'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
cpSync(from, to, { recursive: true, filter: (path) => statSync(path).isDirectory() || /\.(sql|lua)$/.test(path) });
