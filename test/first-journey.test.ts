import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml, parseDocument } from 'yaml';

import { composeEvent } from '../cli/compose-event.ts';
import { copyProject, type ProjectCopy } from './support/project-copy.ts';
import { patched, type Step, stepsOf } from './support/walk-page.ts';

const page = fileURLToPath(new URL('../docs/first-journey.md', import.meta.url));

let copy: ProjectCopy;
beforeAll(() => {
  copy = copyProject();
  // The project's own starts servers, which no simulation needs.
  copy.write('plain.config.js', 'export default { test: { testTimeout: 30_000 } };\n');
}, 60_000);
afterAll(() => copy.remove());

/** The words of a command line, without its quotes. */
function words(line: string): string[] {
  const joined = line.replaceAll(/\\\n\s*/g, ' ').trim();
  return [...joined.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  );
}

const isOurs = (command: string) => /^npx rivulet (new|simulate)/.test(command);

describe('docs/first-journey.md, followed to the letter', () => {
  const steps = stepsOf(page);

  it('does what it says, and prints what it shows', async () => {
    for (const [index, step] of steps.entries()) {
      if (step.language === 'sh' && isOurs(step.text)) await runs(step, steps[index + 1]);
      else if (step.file !== undefined) changes(step);
    }
  }, 120_000);

  async function runs(step: Step, shown: Step | undefined): Promise<void> {
    const { printed, code } = await copy.run('cli/rivulet.mjs', ...words(step.text).slice(2));
    expect(code, `line ${step.line}: ${printed}`).toBe(0);
    expect(shown?.language).toBe('text');
    expect(printed.trimEnd(), `line ${step.line}`).toBe(shown?.text.trimEnd());
  }

  function changes({ does, file = '', text, line }: Step): void {
    switch (does) {
      case 'This is':
        return expect(copy.read(file), `line ${line}`).toBe(text);
      case 'Make':
        return copy.write(file, text);
      case 'Change':
        return copy.write(file, patched(copy.read(file), text));
      case 'Add to': {
        const before = parseDocument(copy.read(file));
        const added = parseYaml(text) as { journeys: Record<string, unknown> };
        for (const [name, settings] of Object.entries(added.journeys)) before.setIn(['journeys', name], settings);
        return copy.write(file, String(before));
      }
      default:
        throw new Error(`line ${line}: nothing is known of "${does}"`);
    }
  }

  it('leaves a project that compiles', () => {
    const files = [
      'ingress/routes.ts',
      'workflows/index.ts',
      'templates/names.ts',
      'test/journeys/seminar-follow-up.test.ts',
    ];
    expect(copy.mistakesIn(files)).toEqual([]);
  }, 60_000);

  it('leaves a test that passes', async () => {
    const { printed, code } = await copy.run(
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'plain.config.js',
      'test/journeys/seminar-follow-up.test.ts',
    );
    expect(printed).toContain('4 passed');
    expect(code).toBe(0);
  }, 60_000);

  it('leaves rules that ingress takes, and events that its commands compose', async () => {
    const { printed, code } = await copy.run('--import', 'tsx', '--input-type=module', '-e', checkRules);
    expect([printed, code]).toEqual(['', 0]);
    for (const { text } of steps.filter((step) => step.text.startsWith('npx rivulet publish'))) {
      // The types are new: what is checked is that the options are those that the command has.
      const options = words(text).filter((word) => word.startsWith('--'));
      for (const option of options) expect(['--user', '--email', '--name', '--time-zone', '--set']).toContain(option);
    }
    expect(() => composeEvent('seminar.booked', { user: 'u_1', set: [] })).toThrow('is no event type');
  });
});

const checkRules = `
  const { parseConfig } = await import('./config/parse.ts');
  const { checkJourneySettings } = await import('./ingress/entry/check-settings.ts');
  const { readFileSync } = await import('node:fs');
  for (const mistake of parseConfig('rivulet.yaml', readFileSync('rivulet.yaml', 'utf8'), checkJourneySettings).mistakes)
    console.log(mistake);`;
