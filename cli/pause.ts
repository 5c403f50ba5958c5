import type { Command } from 'commander';

import { routes } from '../ingress/routes.ts';
import type { PauseScope, Stops } from '../store/stops.ts';
import { configFor } from './config-for.ts';
import { withStops } from './connect/postgres.ts';
import type { CliContext } from './context.ts';
import { stillStopping, when } from './gate.ts';
import { WrongUse } from './wrong-use.ts';

interface WhatOptions {
  all?: true;
  journey?: string;
  topic?: string;
}

export function addPause(program: Command, context: CliContext): void {
  withWhat(program.command('pause').description('stop mail from leaving: all of it, of one journey, or on one topic'))
    .option('--list', 'show what is paused')
    .action(async ({ list, ...what }: WhatOptions & { list?: true }) => {
      if (list && Object.keys(what).length > 0) throw new WrongUse('--list stands alone: it pauses nothing.');
      if (list) return withStops(context.env, (stops) => listPauses(context, stops));
      const scope = onlyOne('pause', what);
      refuseUnknown(scope, context.env);
      await withStops(context.env, async (stops) => {
        const isNew = await stops.pause(scope);
        const since = (await stops.pauses()).find((pause) => pause.scope === scope)?.since;
        context.print(
          isNew || since === undefined ? `Paused: ${scope}` : `Paused already since ${when(since)}: ${scope}`,
        );
        context.print(whatItMeans(scope));
      });
    });
}

export function addResume(program: Command, context: CliContext): void {
  withWhat(program.command('resume').description('let mail leave again that was paused with the same option')).action(
    async (what: WhatOptions) => {
      const scope = onlyOne('resume', what);
      await withStops(context.env, async (stops) => {
        const wasPaused = await stops.resume(scope);
        if (!wasPaused) refuseUnknown(scope, context.env);
        context.print(wasPaused ? `Resumed: ${scope}` : `Not paused: ${scope}`);
        for (const line of await stillStopping(stops)) context.print(line);
      });
    },
  );
}

function withWhat(command: Command): Command {
  return command
    .option('--all', 'all mail')
    .option('--journey <name>', 'the mails of one journey, such as onboarding')
    .option('--topic <name>', 'the mails on one topic of rivulet.yaml');
}

function onlyOne(command: string, { all, journey, topic }: WhatOptions): PauseScope {
  const scopes: PauseScope[] = [];
  if (all) scopes.push('all');
  if (journey !== undefined) scopes.push(`journey:${journey}`);
  if (topic !== undefined) scopes.push(`topic:${topic}`);
  const [scope, ...others] = scopes;
  if (scope === undefined || others.length > 0) {
    throw new WrongUse(`Give exactly one of: rivulet ${command} --all | --journey <name> | --topic <name>`);
  }
  return scope;
}

/** A mistyped name would stop nothing, and nobody would notice. What is paused can be resumed whatever its name. */
function refuseUnknown(scope: PauseScope, env: NodeJS.ProcessEnv): void {
  const [kind = '', name = ''] = scope.split(/:(.*)/s);
  const topics = Object.keys(configFor(env).config.topics);
  const journeys: readonly string[] = [...new Set(Object.values(routes).map((route) => route.starts))];
  if (kind === 'journey' && !journeys.includes(name)) {
    throw new WrongUse(`No event starts a journey "${name}". There are: ${journeys.join(', ')}`);
  }
  if (kind === 'topic' && !topics.includes(name)) {
    throw new WrongUse(`rivulet.yaml has no topic "${name}". There are: ${topics.join(', ')}`);
  }
}

function whatItMeans(scope: PauseScope): string {
  const [kind = '', name = ''] = scope.split(/:(.*)/s);
  const what = kind === 'all' ? 'Nothing leaves' : `No mail ${kind === 'journey' ? 'of' : 'on'} ${name} leaves`;
  return `${what} until: ${resumeCommand(scope)}; runs go on and wait, nothing is lost.`;
}

/** What ends this pause. */
export function resumeCommand(scope: PauseScope): string {
  return `npx --no rivulet resume --${scope.replace(':', ' ')}`;
}

async function listPauses({ print }: CliContext, stops: Stops): Promise<void> {
  const pauses = await stops.pauses();
  if (pauses.length === 0) print('Nothing is paused.');
  for (const { scope, since } of pauses) print(`${scope}  since ${when(since)}  ${resumeCommand(scope)}`);
}
