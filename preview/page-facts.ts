import type { html } from 'hono/html';
import type { Comparison, History } from './compare-versions.ts';
import type { Look } from './look.ts';
import type { HeaderSettings } from './mail-headers.ts';
import type { RecentEvent } from './recent-events.ts';
import type { SourceFile } from './source-files.ts';
import type { OnDisk } from './templates-on-disk.ts';
import type { View } from './view.ts';

/** A piece of a page, escaped. */
export type Fragment = ReturnType<typeof html>;

/** All that a page shows. What could not be had says why. */
export interface PageFacts {
  view: View;
  look: Look;
  all: readonly OnDisk[];
  /** The newest events of the template. */
  events: readonly RecentEvent[] | { away: string };
  headers: HeaderSettings;
  /** For the tab of sources. */
  sources: readonly SourceFile[];
  /** For the tab of versions. */
  versions: VersionsFacts | { away: string };
  seeds: readonly string[];
  /** Where test mails can be seen, where that is known. */
  inbox?: string;
}

export interface VersionsFacts {
  history: History;
  comparison: Comparison;
}
