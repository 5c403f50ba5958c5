import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { addNew } from '../cli/new-journey/command.ts';
import { WrongUse } from '../cli/wrong-use.ts';
import { copyProject, type ProjectCopy } from './support/project-copy.ts';
import { patched, type Step, stepsOf } from './support/walk-page.ts';

let project: ProjectCopy;
beforeAll(() => {
  project = copyProject();
}, 60_000);
afterAll(() => project.remove());

/** `rivulet new journey` in the copy. */
async function newJourney(...args: string[]): Promise<string> {
  const printed: string[] = [];
  const env = { RIVULET_CONFIG: join(project.dir, 'rivulet.yaml') };
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addNew(program, { root: project.dir, env, print: (line) => printed.push(line) });
  await program.parseAsync(['new', 'journey', ...args], { from: 'user' });
  return printed.join('\n');
}

/** Words of no page: whoever has followed one has its journey in their project. */
const given = ['--on', 'lecture.given'];

describe('a journey that cannot be laid down is refused, and nothing is written:', () => {
  it.each([
    ['a name with capitals', ['lectureNotes', ...given], /in kebab-case, such as trial-ending/],
    ['a path', ['../lecture', ...given], /in kebab-case/],
    ['a name of 41 letters', ['l'.repeat(41), ...given], /up to 40 characters/],
    ['a word of the language', ['await', ...given], /Take a name of two words, such as await-mail/],
    ['what every object has', ['constructor', ...given], /Take a name of two words, such as constructor-mail/],
    ['what every object has, in two words', ['to-string', ...given], /to-string/],
    ['the name of a journey', ['trial-ending', ...given], /taken: there is workflows\/journeys\/trial-ending\.ts/],
    ['the name of a template', ['welcome', ...given], /taken: there is templates\/welcome/],
    ['the name of a workflow of Rivulet', ['recipient', ...given], /workflows\/index\.ts exports it/],
    ['another spelling of one', ['suppression-sync', ...given], /workflows\/index\.ts exports it/],
    ['no event type', ['lecture', '--on', 'booked'], /"booked" is no event type.*noun\.verb_in_past/],
    ['an event type with a quote', ['lecture', '--on', "lecture.giv'n"], /is no event type/],
    [
      'an event that starts another journey',
      ['lecture', '--on', 'user.signed_up'],
      /already starts onboarding; one event starts one journey.*Free are: project\.created, .*contact\.updated/,
    ],
    ['a type that is called as another is', ['lecture', '--on', 'event.types'], /knows a eventTypes already/],
    [
      'a topic that is none',
      ['lecture', ...given, '--topic', 'offer'],
      /no topic "offer"\. There are: onboarding, offers/,
    ],
    ['a transactional mail on a topic', ['lecture', ...given, '--topic', 'offers', '--transactional'], /not both/],
    ['its own event to listen for', ['lecture', ...given, '--listens-for', 'lecture.given'], /comes later/],
    ['no event type to listen for', ['lecture', ...given, '--listens-for', 'x'], /--listens-for "x" is no event type/],
  ])('%s', async (_what, args, message) => {
    const before = project.everything();
    const refused = newJourney(...args);
    await expect(refused).rejects.toThrow(WrongUse);
    await expect(refused).rejects.toThrow(message);
    expect(project.everything()).toEqual(before);
  });
});

describe('a journey that is half laid down is taken back', () => {
  it('where a file has lost the place for it', async () => {
    const routes = project.read('ingress/routes.ts');
    project.write('ingress/routes.ts', routes.replace('export const routes: ', 'export const theRoutes: '));
    const before = project.everything();
    await expect(newJourney('lecture', ...given)).rejects.toThrow(/ingress\/routes\.ts has no `export const routes/);
    expect(project.everything()).toEqual(before);
    project.write('ingress/routes.ts', routes);
  });

  it('where a file cannot be written', async () => {
    project.write('test/journeys', 'a file, where a folder has to be');
    const before = project.everything();
    await expect(newJourney('lecture', ...given)).rejects.toThrow(/Nothing was written: /);
    expect(project.everything()).toEqual(before);
    rmSync(join(project.dir, 'test/journeys'));
  });

  it('and a dry run writes nothing, but says all of it', async () => {
    const before = project.everything();
    expect(await newJourney('lecture', ...given, '--dry-run')).toContain('new      workflows/journeys/lecture.ts');
    expect(project.everything()).toEqual(before);
  });
});

const [long, on, listensFor] = [
  'a-name-with-just-as-many-letters-as-fit1',
  'nounwithtwentyletter.verb_of_twenty_word',
  'othernoun20letters_x.verb_of_twenty_word',
];

describe('a journey is laid down', () => {
  it('for an event that is there, whose sample is in the first test', async () => {
    const told = await newJourney('team-tips', '--on', 'project.created', '--transactional');
    expect(told).not.toContain('events/');
    expect(told).toContain(
      'npx --no rivulet publish project.created --user u_1 --email ada@example.com --set project_id=sample',
    );
    const mail = project.read('templates/team-tips/mail.mjml');
    expect(mail).toMatch(/^class: transactional\nevents: project\.created\n/m);
    expect(mail).toContain('    project_id: sample\n');
  });

  it('for an event that is new, and one to listen for', async () => {
    await newJourney('webinar-tips', '--on', 'webinar.booked', '--topic', 'offers', '--listens-for', 'trial.extended');
    expect(project.read('ingress/routes.ts')).toContain(
      "  'webinar.booked': { starts: 'webinar-tips', topic: 'offers', listensFor: ['trial.extended'] },\n};",
    );
    expect(project.read('templates/webinar-tips/mail.mjml')).toMatch(/^class: marketing\ntopic: offers\n/m);
    const exported = /^export \{ (?:\w+ as ')?([\w-]+)/gm;
    const names = [...project.read('workflows/index.ts').matchAll(exported)].map(([, name]) => name);
    expect(names).toEqual(names.toSorted());
  });

  it('in lines that fit, however long the names are', async () => {
    expect([long, on, listensFor].map((name) => name.length)).toEqual([40, 40, 40]);
    await newJourney(long, '--on', on, '--listens-for', listensFor);
  });

  it('once', async () => {
    await expect(newJourney('team-tips', '--on', 'contact.updated')).rejects.toThrow(/The name team-tips is taken/);
  });
});

/** It can be followed once in a project. Whoever has done so keeps what they made, and their `npm test` does not ask for it again. */
const followed = existsSync(join(import.meta.dirname, '../workflows/journeys/seminar-follow-up.ts'));

describe.skipIf(followed)('docs/first-journey.md', () => {
  const steps = stepsOf(join(import.meta.dirname, '../docs/first-journey.md'));
  let printed = '';

  it.each(
    steps.map(
      (step) => [`line ${step.line}`, `${step.does ?? 'do'} ${step.file ?? step.text.split('\n')[0]}`, step] as const,
    ),
  )(
    '%s: %s',
    async (_line, _what, step) => {
      if (step.language === 'sh') printed = await typed(step);
      else if (step.language === 'text') expect(`${printed.trimEnd()}\n`).toBe(step.text);
      else done(step);
    },
    60_000,
  );

  it('gives rules that ingress takes, with the journey and the field that they name', async () => {
    expect(parse(project.read('rivulet.yaml'))).toHaveProperty(['journeys', 'seminar-follow-up', 're_entry']);
    project.write('mistakes-in-rules.ts', mistakesInRules);
    const { printed } = await project.type('node --import tsx mistakes-in-rules.ts');
    expect(printed).toMatch(/^as shown: \[\]\nwith another field: \[".*\bseat_id\b.*"\]\n$/);
  }, 60_000);
});

/** Of what `test/field-classes.test.ts` asks for. */
const unclassed = `
import { classesIn } from './events/field-classes.ts';
import { eventTypes } from './events/index.ts';

const fields = Object.values(eventTypes).flatMap((schema) => Object.entries(classesIn(schema)));
console.log(JSON.stringify(fields.filter(([, found]) => found === undefined)));
`;

const mistakesInRules = `
import { readFileSync } from 'node:fs';
import { parseConfig } from './config/parse.ts';
import { checkJourneySettings } from './ingress/entry/check-settings.ts';

const rules = readFileSync('rivulet.yaml', 'utf8');
const mistakes = (text: string) => JSON.stringify(parseConfig('rivulet.yaml', text, checkJourneySettings).mistakes);
console.log('as shown:', mistakes(rules));
console.log('with another field:', mistakes(rules.replace('per: seminar_id', 'per: seat_id')));
`;

/** What needs servers is only looked at: the command has to be one, and an event has to be right, before NATS is asked. */
async function typed({ text }: Step): Promise<string> {
  let all = '';
  for (const command of text.replaceAll('\\\n', '').trim().split('\n')) {
    const [program = '', script = ''] = /^npm (?:run )?([\w:]+)$/.exec(command)
      ? ['npm', command.split(' ').at(-1)]
      : ['npx'];
    if (program === 'npm') {
      expect(parse(project.read('package.json'))).toHaveProperty(['scripts', script]);
    } else if (command.startsWith('npx vitest')) {
      expect(project.read(command.split(' ').at(-1) ?? '')).toContain('simulate(');
    } else {
      const { printed, code } = await project.type(command);
      if (command.startsWith('npx --no rivulet publish')) expect(printed).toMatch(/^NATS does not answer/);
      else expect(code, printed).toBe(0);
      all += printed;
    }
  }
  return all;
}

function done({ does, file, text, language }: Step): void {
  if (!file) throw new Error(`Say before the ${language} block which file it is: "Make …:"`);
  if (does === 'This is') expect(text).toBe(project.read(file));
  else if (does === 'Make') project.write(file, text);
  else project.write(file, patched(project.read(file), text));
}

describe.skipIf(followed)('everything that was laid down and written passes every check', () => {
  const written = () => {
    const names = ['team-tips', 'webinar-tips', long, 'seminar-follow-up'];
    const files = [...project.everything().keys()];
    return [
      ...files.filter((file) =>
        names.some((name) => file.endsWith(`/${name}.ts`) || file.endsWith(`/${name}.test.ts`)),
      ),
      ...files.filter((file) => /^events\/(webinar|seminar|nounwith|othernoun)/.test(file)),
      'events/index.ts',
      'workflows/index.ts',
      'ingress/routes.ts',
      'templates/names.ts',
      'templates/variables.ts',
    ];
  };

  it('the compiler', () => {
    expect(written()).toHaveLength(18);
    expect(project.mistakesIn([...written(), 'ingress/take-in.ts'])).toEqual([]);
  }, 120_000);

  it('format and lint', async () => {
    expect(await project.type(`npx oxfmt --check ${written().join(' ')}`)).toMatchObject({ code: 0 });
    expect(await project.type(`npx oxlint --type-aware --deny-warnings ${written().join(' ')}`)).toMatchObject({
      code: 0,
    });
  }, 60_000);

  it('the classes of its fields', async () => {
    project.write('classes.ts', unclassed);
    expect(await project.type('node --import tsx classes.ts')).toMatchObject({ printed: '[]\n', code: 0 });
  }, 60_000);

  it('and its own tests, in which the real sandbox runs it', async () => {
    const alone = { include: ['test/journeys/*.test.ts'], isolate: false, fileParallelism: false, testTimeout: 30_000 };
    project.write('alone.config.mjs', `export default ${JSON.stringify({ test: alone })};`);
    const { printed } = await project.type('npx vitest run --config alone.config.mjs');
    expect(printed).toMatch(/Test Files +4 passed \(4\)\n +Tests +11 passed \(11\)/);
  }, 60_000);
});
