import type { Command } from 'commander';

import type { Gate, Stops } from '../store/stops.ts';
import { withStops } from './connect/postgres.ts';
import type { CliContext } from './context.ts';
import { NotDone, WrongUse } from './wrong-use.ts';

export function addGate(program: Command, context: CliContext): void {
  const gate = program.command('gate').description("the gates that the provider's answers have closed");
  gate
    .command('list')
    .description('show which gates are closed, why, and what opens them')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const gates = await withStops(context.env, (stops) => stops.gates());
      if (json) context.print(JSON.stringify(gates.map(inOrder), undefined, 2));
      else if (gates.length === 0) context.print('No gate is closed.');
      else for (const line of gates.flatMap(describeGate)) context.print(line);
    });
  gate
    .command('open')
    .description('open a gate whose trouble is over; it closes again if the provider still refuses')
    .argument('[scope]', 'as the list shows it, such as account or identity:example.com')
    .option('--all', 'every gate that is closed')
    .action(async (scope: string | undefined, { all }: { all?: true }) => {
      if (scope !== undefined && all) throw new WrongUse('Give a gate or --all, not both.');
      if (scope === undefined && !all) {
        throw new WrongUse('Say which gate: rivulet gate open <scope>, or --all. rivulet gate list shows them.');
      }
      await withStops(context.env, (stops) => openGates(context, stops, scope));
    });
}

/**
 * With no gate closed, whatever was meant is open: that is no failure. With another one closed it may be a slip, and
 * whoever believes that mail leaves now would be wrong.
 */
async function openGates({ print }: CliContext, stops: Stops, scope: string | undefined): Promise<void> {
  const closed = (await stops.gates()).map((gate) => gate.scope);
  const meant = scope === undefined ? closed : closed.filter((name) => name === scope);
  if (closed.length === 0) print('No gate is closed.');
  else if (meant.length === 0) throw new NotDone(`No gate "${scope}" is closed. Closed: ${closed.join(', ')}`);
  for (const name of meant) {
    await stops.open(name);
    print(`Opened: ${name}`);
  }
  if (meant.length > 0) print('A gate closes again if the provider still refuses.');
  for (const line of await stillStopping(stops)) print(line);
}

/** What keeps mail from leaving, in one line for each kind: said whenever one stop is lifted and another stands. */
export async function stillStopping(stops: Stops): Promise<string[]> {
  const [gates, pauses] = await Promise.all([stops.gates(), stops.pauses()]);
  return [
    ...(gates.length > 0
      ? [`Still closed: ${gates.map((gate) => gate.scope).join(', ')} (npx --no rivulet gate list)`]
      : []),
    ...(pauses.length > 0
      ? [`Still paused: ${pauses.map((pause) => pause.scope).join(', ')} (npx --no rivulet pause --list)`]
      : []),
  ];
}

/** What opens this gate, as the end of a sentence. */
export function howItOpens({ scope, opens }: Gate): string {
  if (scope === 'provider') {
    return `by itself, once the provider answers a probe and has accepted one email; or manually: npx --no rivulet gate open ${scope}`;
  }
  const byHand = `npx --no rivulet gate open ${scope}`;
  return opens === 'probe'
    ? `by itself, once a probe finds that the trouble is over; or by hand: ${byHand}`
    : `only by hand, when the trouble is over: ${byHand}`;
}

export function when(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function inOrder({ scope, reason, since, opens, lastProbe, detail }: Gate) {
  return { scope, reason, since, opens, lastProbe, detail };
}

function describeGate(gate: Gate): string[] {
  return [
    gate.scope,
    `  closed since  ${when(gate.since)}`,
    `  reason        ${gate.reason}`,
    `  detail        ${gate.detail}`,
    `  last probe    ${gate.lastProbe ?? 'none yet'}`,
    `  opens         ${howItOpens(gate)}`,
  ];
}
