import {
  pinning,
  publishing,
  rollingBack,
  type TemplateRule,
  type TemplateState,
  unpinning,
} from '../template-rules.ts';
import type { Act, HistoryEntry, StoredTemplate, TemplateVersions } from '../template-versions.ts';

interface Template extends Omit<TemplateState, 'published' | 'acts' | 'takenBack'> {
  versions: Map<string, StoredTemplate>;
  takenBack: Set<string>;
  acts: HistoryEntry[];
}

/** Published templates of this process alone. `now`: the clock, Unix ms. */
export function createTemplateVersions(now: () => number = Date.now): TemplateVersions {
  const templates = new Map<string, Template>();
  const listeners = new Set<() => void>();

  function act<Result>(name: string, version: string, rule: TemplateRule<Result>, by: Act, handedIn?: StoredTemplate) {
    const template: Template = templates.get(name) ?? { versions: new Map(), takenBack: new Set(), acts: [] };
    const { result, store, live, pinned, takeBack, bringBack, entry } = rule({
      ...template,
      published: template.versions.has(version),
    });
    if (store && handedIn) template.versions.set(version, handedIn);
    if (live !== undefined) template.live = live;
    if (pinned === null) delete template.pinned;
    else if (pinned !== undefined) template.pinned = pinned;
    if (takeBack !== undefined) template.takenBack.add(takeBack);
    if (bringBack !== undefined) template.takenBack.delete(bringBack);
    if (entry) template.acts.push({ ...entry, ...by, at: now() });
    if (template.versions.size > 0) templates.set(name, template);
    if (live !== undefined) for (const changed of listeners) changed();
    return result;
  }

  const named = (which: 'live' | 'pinned') =>
    new Map(
      [...templates].flatMap(([name, template]) => {
        const version = template[which];
        return version === undefined ? [] : [[name, version] as const];
      }),
    );

  return {
    publish: async (template, by, how = {}) =>
      act(template.name, template.version, publishing(template.version, how), by, template),
    load: async (name, version) => templates.get(name)?.versions.get(version),
    live: async () => named('live'),
    pinned: async () => named('pinned'),
    history: async (name) => [...(templates.get(name)?.acts ?? [])],
    rollback: async (name, version, by) => act(name, version, rollingBack(version), by),
    pin: async (name, version, by) => act(name, version, pinning(version), by),
    unpin: async (name, by) => act(name, '', unpinning(), by),
    onChange(changed) {
      listeners.add(changed);
      return { close: () => void listeners.delete(changed) };
    },
  };
}
