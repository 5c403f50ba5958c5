import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { parseAllDocuments } from 'yaml';

import { fromPyPI } from './downloads.ts';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> };
}

export type Rendered = Manifest[] | { error: string };

const chart = fileURLToPath(new URL('../../deploy/helm/rivulet', import.meta.url));
const script = fileURLToPath(new URL('./render-chart.py', import.meta.url));

/** What `helm template` would print for each of these values, or why it refuses them. */
export function renderChart<Case extends string>(values: Record<Case, object>): Record<Case, Rendered> {
  // The SDK of Helm 4.2.3 as a shared library.
  const sha256 = '28cc13abaf134c3a7e37f070c939be8d9cdc9825c3c8b8b2d35161073bcd4578';
  const sdk = fromPyPI('helm-python-sdk', '0.2.2', sha256, /\.(py|so)$/);
  const input = JSON.stringify(Object.values(values));
  const output = execFileSync('python3', [script, sdk, chart], { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  const all = JSON.parse(output) as ({ manifests: Record<string, string> } | { error: string })[];
  const rendered = all.map((one) => ('error' in one ? one : documentsIn(one.manifests)));
  return Object.fromEntries(Object.keys(values).map((name, index) => [name, rendered[index]])) as Record<
    Case,
    Rendered
  >;
}

function documentsIn(manifests: Record<string, string>): Manifest[] {
  return Object.entries(manifests)
    .filter(([file]) => file.endsWith('.yaml'))
    .flatMap(([file, text]) =>
      parseAllDocuments(text).flatMap((document) => {
        if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join('\n')}`);
        const manifest = document.toJS() as Manifest | null;
        return manifest === null ? [] : [manifest];
      }),
    );
}
