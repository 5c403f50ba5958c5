import { noSecret } from '../config/environment.ts';
import { type Check, loadConfig } from '../config/load.ts';

/**
 * The configuration for a command that hashes no address and makes no link: it asks for no RIVULET_SECRET, which an
 * operator's machine need not have.
 */
export function configFor(env: NodeJS.ProcessEnv, check?: Check) {
  return loadConfig({ ...env, RIVULET_SECRET: noSecret, RIVULET_SECRET_PREVIOUS: '' }, check);
}
