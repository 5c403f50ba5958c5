#!/usr/bin/env node
// Plain JavaScript: makes Node read the TypeScript sources, then hands over to them.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
