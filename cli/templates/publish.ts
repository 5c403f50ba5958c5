import type { Published } from '../../store/template-versions.ts';
import type { CompiledTemplate } from '../../templates/compiled.ts';
import type { CliContext } from '../context.ts';
import { withTemplates } from '../store.ts';
import { NotDone } from '../wrong-use.ts';
import { actOf } from './author.ts';
import { fromFiles } from './from-files.ts';
import { tellFindings } from './lint.ts';

export interface PublishOptions {
  message?: string;
  author?: string;
  again?: true;
  dryRun?: true;
}

/** Publishes what the files say. All of what is asked for is checked first: one wrong template, and nothing is published. */
export async function publish(context: CliContext, names: readonly string[], options: PublishOptions): Promise<void> {
  const found = await fromFiles(context, names);
  const errors = tellFindings(context.print, found);
  if (errors > 0) throw new NotDone('Nothing was published: put the errors right first.');
  await withTemplates(context.env, async (versions) => {
    const live = await versions.live();
    const takenBack: string[] = [];
    const act = actOf(context, options);
    const how = { again: options.again === true, dryRun: options.dryRun === true };
    for (const template of found.templates) {
      const outcome = await versions.publish(template, act, how);
      context.print(line(template, live.get(template.name), outcome, how));
      if (outcome === 'taken_back') takenBack.push(template.name);
    }
    if (takenBack.length > 0) {
      throw new NotDone(
        `A rollback took back what the files of ${takenBack.join(', ')} say; it stays back. Change the files, or: rivulet templates publish ${takenBack.join(' ')} --again`,
      );
    }
  });
}

function line(
  { name, version }: CompiledTemplate,
  before: string | undefined,
  outcome: Published,
  { dryRun }: { dryRun: boolean },
): string {
  const was = before === undefined ? 'its first version' : `before: ${before}`;
  const says: Record<Published, string> = {
    live: `${dryRun ? 'would be live' : 'live'} (${was})`,
    unchanged: 'unchanged',
    pinned: `${dryRun ? 'would be kept' : 'kept'}; ${before ?? 'another version'} is pinned and stays live`,
    taken_back: 'not live: a rollback took it back',
  };
  return `${name.padEnd(22)} ${version}  ${says[outcome]}`;
}
