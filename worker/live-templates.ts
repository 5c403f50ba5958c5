import type { Logger } from '../runtime/log.ts';
import type { TemplateVersions } from '../store/template-versions.ts';
import { type Template, prepare } from '../templates/catalogue.ts';
import type { CompiledTemplate } from '../templates/compiled.ts';
import { parseReference } from '../templates/reference.ts';

/** The templates as they are published now, for the activities of one worker. */
export interface LiveTemplates {
  /**
   * `welcome`, `welcome@<version>`, or `welcome` with the version that a mail has begun with. `undefined` when there is no such
   * template or version. Rejects when it must be fetched and Postgres is unavailable.
   */
  find(reference: string, version?: string): Promise<Template | undefined>;
  names(): string[];
  close(): void;
}

/** Prepared versions kept at once; one with four languages in use takes about a megabyte. See docs/templates.md. */
const keptVersions = 300;

/**
 * Follows what is live: immediately when a notification arrives, and after `cacheTtlMs` at the latest when one is lost. A
 * version that is known is rendered without asking Postgres. `republish` is called when published templates are gone.
 */
export async function followTemplates(
  versions: Pick<TemplateVersions, 'live' | 'load' | 'onChange'>,
  cacheTtlMs: number,
  log: Pick<Logger, 'info' | 'warn'>,
  republish: () => Promise<void> = async () => {},
): Promise<LiveTemplates> {
  let live = await versions.live();
  const ready = new Map<string, Promise<Template | undefined>>();

  const readLive = async () => {
    try {
      let now = await versions.live();
      const lost = [...live.keys()].filter((name) => !now.has(name));
      if (lost.length > 0) {
        // No one unpublishes: the database was restored from a backup that is older than they are.
        log.warn({ templates: lost }, 'published templates are gone; those of the files are published again');
        await republish();
        now = await versions.live();
      }
      for (const [name, version] of now) {
        if (live.get(name) !== version) log.info({ template: name, version, before: live.get(name) }, 'template live');
      }
      live = now;
    } catch (error) {
      log.warn({ err: error }, 'which templates are live could not be read; what was live goes on');
    }
  };
  // One after the other: an answer that is overtaken would set the worker back to an older version.
  let reading = Promise.resolve();
  const refresh = () => (reading = reading.then(readLive));
  const following = versions.onChange(() => void refresh());
  const timer = setInterval(() => void refresh(), cacheTtlMs);
  timer.unref();

  const load = async (name: string, version: string): Promise<Template | undefined> => {
    const stored = (await versions.load(name, version)) as CompiledTemplate | undefined;
    return stored && prepare({ ...stored, sources: {} }); // nobody looks at its files here
  };

  return {
    async find(reference, begun) {
      const { name, version: pinned } = parseReference(reference);
      let version = begun ?? pinned ?? live.get(name);
      if (version === undefined) {
        await refresh(); // published for the first time a moment ago
        version = live.get(name);
      }
      if (version === undefined) return undefined;
      const key = `${name}@${version}`;
      const found = ready.get(key) ?? load(name, version);
      ready.delete(key); // the newest use stands last
      ready.set(key, found);
      if (ready.size > keptVersions) ready.delete(ready.keys().next().value as string);
      const template = await found.catch((error: unknown) => {
        ready.delete(key);
        throw error;
      });
      if (!template) ready.delete(key);
      return template;
    },
    names: () => [...live.keys()],
    close() {
      clearInterval(timer);
      following.close();
    },
  };
}
