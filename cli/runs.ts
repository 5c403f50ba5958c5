import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import Table from 'cli-table3';
import { type Command, InvalidArgumentError } from 'commander';

import { userIdPattern } from '../events/envelope.ts';
import { temporalFor } from './connect/temporal.ts';
import { runUrl } from './run-url.ts';
import type { CliContext } from './context.ts';

interface RunRow {
  journey: string;
  status: string;
  outcome: string;
  started: string;
  event_id: string;
  url: string;
}

export function addRuns(program: Command, context: CliContext): void {
  program
    .command('runs')
    .description("list a person's runs, newest first, with their pages in Temporal UI")
    .requiredOption('--user <id>', "the person's id in your system", userId)
    .option('--limit <n>', 'at most so many', wholeNumber, 20)
    .option('--json', 'as JSON')
    .action(async ({ user, limit, json }: { user: string; limit: number; json?: true }) => {
      const { client, close } = await temporalFor(context.env);
      try {
        const rows = await listRuns(context, client, user, limit);
        if (json) context.print(JSON.stringify(rows, undefined, 2));
        else for (const line of asTable(user, rows)) context.print(line);
      } finally {
        await close();
      }
    });
}

async function listRuns(context: CliContext, client: Client, user: string, limit: number): Promise<RunRow[]> {
  const ui = context.running?.urls.temporalUi;
  const rows: RunRow[] = [];
  for await (const run of client.workflow.list({ query: `UserId = ${JSON.stringify(user)}`, pageSize: limit })) {
    rows.push({
      journey: run.type,
      status: run.status.name.toLowerCase(),
      outcome: await outcomeOf(client, run),
      started: run.startTime.toISOString(),
      event_id: run.workflowId,
      url: runUrl(context.env, ui, run.workflowId),
    });
    if (rows.length === limit) break;
  }
  return rows;
}

/** What the journey returned, such as `sent` or `activated`. */
async function outcomeOf(client: Client, run: WorkflowExecutionInfo): Promise<string> {
  if (run.status.name !== 'COMPLETED') return '';
  const result: unknown = await client.workflow.getHandle(run.workflowId, run.runId).result();
  return typeof result === 'string' ? result : JSON.stringify(result ?? null);
}

function asTable(user: string, rows: RunRow[]): string[] {
  if (rows.length === 0) return [`${user} has no runs. Events start them: rivulet publish --help`];
  const table = new Table({
    head: ['journey', 'status', 'outcome', 'started', 'run'],
    style: { head: [], border: [] },
  });
  table.push(
    ...rows.map((row) => [row.journey, row.status, row.outcome, row.started.slice(0, 19).replace('T', ' '), row.url]),
  );
  return [table.toString()];
}

/** Also keeps the visibility query safe: no quotes can be in an id. */
function userId(text: string): string {
  if (!userIdPattern.test(text))
    throw new InvalidArgumentError('a user id is 1 to 128 visible ASCII characters without spaces and without @');
  return text;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('a whole number, at least 1');
  return number;
}
