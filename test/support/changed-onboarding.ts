import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

import { sharedBundle } from './workflow-bundle.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const welcome = "  const welcomed = await sendEmail('welcome', signup);\n";

const nudging = '    await sendEmail(nudge, signup);\n';

/** Changes of onboarding while people are in it, as texts in place of texts. */
export const changes = {
  /** One mail more before all others: whoever has passed it cannot go on. */
  breaking: [[welcome, `  await sendEmail('invite-team', signup);\n${welcome}`]],
  /** One more at the start, and other mails from where somebody stands. */
  guarded: [
    [nudging, "    await sendEmail(patched('team-first') ? 'invite-team' : nudge, signup);\n"],
    [welcome, `  if (patched('invite-first')) await sendEmail('invite-team', signup);\n${welcome}`],
    ['import { listenFor }', "import { patched } from '@temporalio/workflow';\nimport { listenFor }"],
  ],
  /** Replays well, and goes wrong one step later. */
  wrongLater: [[nudging, `    if (nudge === 'invite-team') throw new TypeError('nobody to invite');\n${nudging}`]],
  /** How long a wait is never matters to who waits. */
  longerWait: [["['1 day', 'first-project']", "['2 days', 'first-project']"]],
} satisfies Record<string, [from: string, to: string][]>;

/** All journeys, onboarding with this change. */
export function bundleWith(change: keyof typeof changes): Promise<{ code: string }> {
  return sharedBundle(change, () => bundle(change));
}

async function bundle(change: keyof typeof changes): Promise<{ code: string }> {
  const copy = mkdtempSync(join(tmpdir(), 'rivulet-changed-'));
  try {
    cpSync(join(root, 'workflows'), join(copy, 'workflows'), { recursive: true });
    cpSync(join(root, 'package.json'), join(copy, 'package.json'));
    const file = join(copy, 'workflows/journeys/onboarding.ts');
    let source = readFileSync(file, 'utf8');
    for (const [from = '', to = ''] of changes[change]) {
      if (!source.includes(from)) throw new Error(`onboarding no longer says ${from}`);
      source = source.replace(from, to);
    }
    writeFileSync(file, source);
    return await bundleWorkflowCode({
      workflowsPath: join(copy, 'workflows/index.ts'),
      logger: new DefaultLogger('ERROR'),
      webpackConfigHook: (config) => ({
        ...config,
        resolve: { ...config.resolve, modules: [join(root, 'node_modules')] },
      }),
    });
  } finally {
    rmSync(copy, { recursive: true });
  }
}
