import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { checkWish } from '../cli/new-journey/check-wish.ts';
import { WrongUse } from '../cli/wrong-use.ts';
import { eventTypes } from '../events/index.ts';
import { routes } from '../ingress/routes.ts';
import { copyProject, type ProjectCopy } from './support/project-copy.ts';

let copy: ProjectCopy;
beforeAll(() => {
  copy = copyProject();
  // The project's own starts servers, which no simulation needs.
  copy.write('plain.config.js', 'export default { test: { testTimeout: 30_000 } };\n');
}, 60_000);
afterAll(() => copy.remove());

const make = (line: string) => copy.run('cli/rivulet.mjs', 'new', 'journey', ...line.split(' ').filter(Boolean));

describe('a new journey', () => {
  it.each([
    [{ name: 'Tea', on: 'tea.drunk' }, '"Tea" is no name of a journey'],
    [{ name: 'onboarding', on: 'tea.drunk' }, 'The name onboarding is taken'],
    [{ name: 'welcome', on: 'tea.drunk' }, 'The name welcome is taken'],
    [{ name: 'tea', on: 'user.signed_up' }, 'user.signed_up already starts onboarding; one event starts one journey'],
    [{ name: 'tea', on: 'tea' }, 'noun.verb'],
    [{ name: 'tea', on: 'tea.drunk', topic: 'gossip' }, 'gossip'],
    [{ name: 'tea', on: 'tea.drunk', topic: 'offers', transactional: true as const }, 'transactional'],
    [{ name: 'tea', on: 'tea.drunk', listensFor: 'tea.drunk' }, 'tea.drunk starts this journey'],
    [{ name: 'return', on: 'tea.drunk' }, 'A function cannot be called return'],
  ])('%j is refused, with what would be right', (wish, said) => {
    const project = { root: copy.dir, eventTypes, routes, topics: ['onboarding', 'offers'] };
    expect(() => checkWish(wish, project)).toThrow(WrongUse);
    expect(() => checkWish(wish, project)).toThrow(said);
  });

  it('that cannot be laid down changes nothing, and ends with 2', async () => {
    const before = copy.everything();
    expect((await make('tea --on user.signed_up')).code).toBe(2);
    expect(copy.everything()).toEqual(before);
  });

  it('of a dry run is told, and not made', async () => {
    const before = copy.everything();
    const { printed, code } = await make('tea-time --on tea.drunk --dry-run');
    expect([code, copy.everything()]).toEqual([0, before]);
    expect(printed).toContain('workflows/journeys/tea-time.ts');
  });

  it('passes every check at once: for a new event, for one that is there, and with one to listen for', async () => {
    expect((await make('project-hints --on project.created --transactional')).code).toBe(0);
    expect((await make('tea-time --on tea.drunk --topic offers --listens-for tea.refused')).code).toBe(0);

    const written = ['project-hints', 'tea-time'].flatMap((name) => [
      `workflows/journeys/${name}.ts`,
      `test/journeys/${name}.test.ts`,
    ]);
    const files = [
      ...written,
      'events/index.ts',
      'events/tea-drunk.ts',
      'ingress/routes.ts',
      'workflows/index.ts',
      'templates/names.ts',
    ];
    expect(copy.mistakesIn(files)).toEqual([]);
    const formatted = await copy.run('node_modules/oxfmt/bin/oxfmt', '--check', ...files);
    expect(formatted.code, formatted.printed).toBe(0);
    const linted = await copy.run('node_modules/oxlint/bin/oxlint', '--deny-warnings', ...files);
    expect(linted.code, linted.printed).toBe(0);
    const tested = await copy.run(
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'plain.config.js',
      'test/journeys',
    );
    expect(tested.code, tested.printed).toBe(0);
    const calendar = await copy.run('cli/rivulet.mjs', 'simulate', 'tea-time');
    expect(calendar.printed).toContain('tea.drunk');
  }, 120_000);
});
