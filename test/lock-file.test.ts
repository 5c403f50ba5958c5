import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
  optionalDependencies?: Record<string, string>;
}
interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  overrides: Record<string, string>;
}

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));
const { packages } = read('package-lock.json') as { packages: Record<string, Locked> };
const { dependencies, devDependencies, overrides } = read('package.json') as Manifest;
const installed = Object.entries(packages).filter(([path]) => path !== '');

it('includes the optional packages of every platform: npm ci rejects a lock file that lacks one', () => {
  // `npm install` omits those that its registry does not serve; restore their entries manually.
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
    ),
  );
  expect(missing).toEqual([]);
});

it('has the integrity hash of every package, native binaries of other platforms included', () => {
  const unchecked = installed.filter(([, { integrity = '' }]) => !/^sha512-[\w+/]{86}==$/.test(integrity));
  expect(unchecked.map(([path]) => path)).toEqual([]);
});

it('contains no download address', () => {
  expect(installed.filter(([, { resolved }]) => resolved)).toEqual([]);
});

it('agrees with package.json, which pins exact versions', () => {
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...overrides })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
    expect(packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
});
