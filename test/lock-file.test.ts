import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

interface Locked {
  resolved?: string;
  optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, Locked>;
};

it('names the optional packages of every platform: npm ci refuses a lock file that lacks one', () => {
  // `npm install` leaves out those that its registry does not serve; they have to be put back by hand then.
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
    ),
  );
  expect(missing).toEqual([]);
});

it('carries no download address', () => {
  expect(Object.values(packages).filter(({ resolved }) => resolved)).toEqual([]);
});
