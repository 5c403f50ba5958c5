import { parseReference } from '../../templates/reference.ts';
import type { CliContext } from '../context.ts';
import { withTemplates } from '../store.ts';
import { NotDone } from '../wrong-use.ts';
import { actOf } from './author.ts';
import { historyOf, liveBefore, versionIn } from './history.ts';

interface Told {
  message?: string;
  author?: string;
}

/** Makes an earlier version live. What it replaces is kept back: a publish of the same files does not bring it again. */
export function rollback(context: CliContext, name: string, { to, ...told }: Told & { to?: string }): Promise<void> {
  return withTemplates(context.env, async (versions) => {
    const history = await historyOf(versions, name);
    const before = (await versions.live()).get(name);
    const version = to === undefined ? liveBefore(history) : versionIn(history, to);
    if (version === undefined) throw new NotDone(`${name} has had one version only: there is nothing to go back to.`);
    if (version === before) {
      context.print(`${name} ${version} is live already.`);
      return;
    }
    await versions.rollback(name, version, actOf(context, told));
    context.print(`${name} ${version} is live again, in every worker. Taken back: ${before}.`);
  });
}

/** Holds a template at a version, or lets it go. */
export function pin(context: CliContext, reference: string, { off, ...told }: Told & { off?: true }): Promise<void> {
  const { name, version: wanted } = parseReference(reference);
  return withTemplates(context.env, async (versions) => {
    const history = await historyOf(versions, name);
    const act = actOf(context, told);
    if (off) {
      const was = await versions.unpin(name, act);
      const live = (await versions.live()).get(name);
      context.print(was ? `${name} is no longer pinned; live: ${live}.` : `${name} is not pinned; live: ${live}.`);
      return;
    }
    const live = (await versions.live()).get(name);
    const version = wanted === undefined ? live : versionIn(history, wanted);
    if (version === undefined) throw new NotDone(`${name} has no live version.`);
    await versions.pin(name, version, act);
    context.print(`${name} stays at ${version} until: rivulet templates pin ${name} --off`);
  });
}
