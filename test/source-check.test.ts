import { afterAll, beforeAll, expect, it } from 'vitest';

import { type SourceCheck, startSourceCheck } from '../worker/source-check.ts';
import { copyProject, type ProjectCopy } from './support/project-copy.ts';

let copy: ProjectCopy;
let check: SourceCheck;
beforeAll(() => {
  copy = copyProject();
  check = startSourceCheck(copy.dir);
});
afterAll(() => {
  check.close();
  copy.remove();
});

const onboarding = 'workflows/journeys/onboarding.ts';

/** Looks at the project while this file says something else, and puts it back. */
async function mistakesWith(file: string, what: string | RegExp, by: string): Promise<string[]> {
  const before = copy.read(file);
  const after = before.replace(what, by);
  expect(after).not.toBe(before);
  copy.write(file, after);
  try {
    return await check.mistakes();
  } finally {
    copy.write(file, before);
  }
}

it('finds nothing wrong with the journeys that we ship, nor with a variable that is not used yet', async () => {
  expect(await check.mistakes()).toEqual([]);
  expect(await mistakesWith(onboarding, /^ {2}const welcomed/m, '  const later = 1;\n  const welcomed')).toEqual([]);
}, 120_000); // the first look compiles everything

it.each([
  [
    'a name that there is not',
    onboarding,
    'project.within',
    'projct.within',
    /onboarding\.ts:\d+ Cannot find name 'projct'/,
  ],
  [
    'a method that there is not',
    onboarding,
    'project.within',
    'project.witin',
    /onboarding\.ts:\d+ Property 'witin' does not exist/,
  ],
  [
    'an event that there is not',
    onboarding,
    "'project.created'",
    "'project.craeted'",
    /onboarding\.ts:\d+ .*project\.craeted/,
  ],
  [
    'a template in a table that there is not',
    onboarding,
    "'first-project'",
    "'first-projct'",
    /onboarding\.ts:\d+ .*first-projct/,
  ],
  ['a wait of no length', onboarding, "'3 days'", "'3 dys'", /onboarding\.ts:\d+ .*3 dys/],
  [
    'a journey that is no longer exported',
    onboarding,
    'export async function',
    'async function',
    /workflows\/index\.ts:\d+ .*onboarding/,
  ],
  [
    'a journey that is still routed to',
    'workflows/index.ts',
    /^.*win-back.*\n/m,
    '',
    /ingress\/routes\.ts:\d+ .*win-back/,
  ],
  [
    'a module that throws when it is loaded',
    onboarding,
    /^export async/m,
    "if ([1].length === 1) throw new Error('no such plan');\n\nexport async",
    /workflows\/journeys\/onboarding\.ts:\d+ throws when it is loaded: Error: no such plan$/,
  ],
])('finds %s, and says where', async (_, file, what, by, expected) => {
  expect(await mistakesWith(file, what, by)).toEqual([expect.stringMatching(expected)]);
});

it('says so when the compiler is gone', async () => {
  const gone = startSourceCheck(copy.dir);
  gone.close();
  await expect(gone.mistakes()).rejects.toThrow('has ended (SIGTERM)');
});
