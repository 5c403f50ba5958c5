import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';

import type { Act } from '../../store/template-versions.ts';
import type { CliContext } from '../context.ts';

/** Who does something to a template, and why: as they say, else as git knows them and their last commit. */
export function actOf({ root, env }: CliContext, { author, message }: { author?: string; message?: string }): Act {
  return {
    author: author || env['RIVULET_AUTHOR'] || git(root, ['config', 'user.name']) || userInfo().username,
    message: message ?? git(root, ['log', '-1', '--format=%h %s']),
  };
}

function git(cwd: string, args: string[]): string {
  try {
    return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return ''; // no repository, or no git
  }
}
