import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { schemasAt } from '../cli/events/at-ref.ts';
import { exportedFiles, exportEvents } from '../cli/events/export.ts';
import { vocabulary } from '../cli/events/vocabulary.ts';
import { WrongUse } from '../cli/wrong-use.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { copyProject, type ProjectCopy } from './support/project-copy.ts';

const run = promisify(execFile);

let project: ProjectCopy;
const commit = (what: string) =>
  project.type(
    `git add events && git -c user.name=Ada -c user.email=ada@example.com commit -qm ${what} && git tag ${what}`,
  );

beforeAll(async () => {
  project = copyProject();
  await project.type('git init -q');
  await commit('released');
}, 60_000);
afterAll(() => project.remove());

describe('rivulet events export', () => {
  it('writes the schemas and the AsyncAPI document, the same each time', async () => {
    const out = join(project.dir, 'contract');
    const { stdout } = await run(process.execPath, [compiledCli, 'events', 'export', '--out', out]);
    const files = exportedFiles(vocabulary);
    expect(stdout).toBe(`${files.size} files in ${out}\n`);
    for (const [file, text] of files) expect(readFileSync(join(out, file), 'utf8')).toBe(text);
  });

  it('reports a schema that an earlier export left behind', () => {
    const [out, printed] = [join(project.dir, 'again'), [] as string[]];
    const context = { print: (line: string) => printed.push(line) };
    exportEvents(context, { out });
    writeFileSync(join(out, 'schemas/seat.booked.json'), '{}');
    exportEvents(context, { out });
    expect(printed).toHaveLength(3);
    expect(printed[2]).toMatch(/^schemas\/seat\.booked\.json is of an earlier export/);
  });

  it('into a place that is no folder fails with the reason', () => {
    const out = join(project.dir, 'package.json');
    expect(() => exportEvents({ print: () => {} }, { out })).toThrow(/^Cannot write to .*package\.json: \w+/);
  });
});

describe('rivulet events check', () => {
  it('passes a compatible change, refuses a breaking one, and leaves nothing behind', async () => {
    const file = 'events/order-completed.ts';
    const before = project.read(file);
    project.write(file, before.replace('  total: amount,', '  total: amount,\n    tip: amount.optional(),'));
    const compatible = await project.type('npx --no rivulet events check --against released');
    expect(compatible).toEqual({
      code: 0,
      printed: expect.stringMatching(/^12 event types: nothing breaks .* since released \([0-9a-f]{12}\)\n$/) as string,
    });
    project.write(file, before.replace('total: amount,', 'amount,'));
    const everywhere = project.read('events/envelope.ts');
    project.write('events/envelope.ts', everywhere.replaceAll(/= 100_000_000_000_000/g, '= 99_000_000_000_000'));
    const breaking = await project.type('npx --no rivulet events check --against released');
    expect(breaking.code).toBe(1);
    expect(breaking.printed).toMatch(
      /^every event type timestamp: maximum was 100000000000000 and is 99000000000000\n/,
    );
    expect(breaking.printed).toMatch(
      /^order\.completed payload\.total: renamed to amount\n {2}breaks producers: .*\n {2}Keep total, .*\n/m,
    );
    expect(breaking.printed).toMatch(/\n\d+ breaking changes since released \([0-9a-f]{12}\)\.\n$/);
    project.write('events/envelope.ts', everywhere);
    project.write(file, before);
    expect([...project.everything().keys()].filter((path) => path.includes('events-at-'))).toEqual([]);
  });

  it('against an unknown ref does nothing, with exit code 2', async () => {
    const checking = run(process.execPath, [compiledCli, 'events', 'check', '--against', 'nope']);
    await expect(checking).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^Unknown git ref "nope"|is in no git repository/),
    });
  });

  it.each(['--output=x', '', 'HEAD:events', 'released..HEAD'])('"%s" is an unknown ref', async (ref) => {
    await expect(schemasAt(project.dir, ref)).rejects.toThrow(WrongUse);
  });

  it('against a ref whose events cannot be loaded fails with the file and the line', async () => {
    const file = 'events/project-created.ts';
    const before = project.read(file);
    project.write(file, 'export const = 1;');
    await commit('broken');
    project.write(file, before);
    const { printed, code } = await project.type('npx --no rivulet events check --against broken');
    expect(code).toBe(1);
    expect(printed).toMatch(/^The events at broken \(\w+\) could not be loaded: .*events\/project-created\.ts:1:13: /);
    expect(printed).not.toContain(project.dir);
  });

  it('against a ref before there were events fails with the reason', async () => {
    const tree =
      'git -c user.name=Ada -c user.email=ada@example.com commit-tree -m none $(git hash-object -t tree /dev/null)';
    await project.type(`git tag none $(${tree})`);
    await expect(schemasAt(project.dir, 'none')).rejects.toThrow(/could not be loaded: .*events.*did not match/);
  });
});
