import { fileURLToPath } from 'node:url';

/** The command as `npm run build` makes it: from its sources each call takes half as long again. `global-setup` has compiled it. */
export const compiledCli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
