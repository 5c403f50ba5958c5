#!/usr/bin/env node
// Plain JavaScript. In a checkout it makes Node read the TypeScript sources; a package has the compiled ones only.
import { existsSync } from 'node:fs';

if (existsSync(new URL('./main.ts', import.meta.url))) {
  const { register } = await import('tsx/esm/api');
  register();
  await import('./main.ts');
} else {
  await import('../dist/cli/main.js');
}
