import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CompleteAsyncError } from '@temporalio/activity';
import {
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
} from '@temporalio/common';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { withErrorBoundary } from '../activities/error-boundary.ts';
import { failPermanently, waitFor } from '../activities/failures.ts';
import { ReadingError } from '../activities/mailers/provider-error.ts';

const marker = 'Zebulon <zq.secret@example.com>';

let logged: unknown[];
beforeEach(() => (logged = []));
const log = { error: (facts: unknown) => void logged.push(facts), warn: (facts: unknown) => void logged.push(facts) };

/** What Temporal would keep of an activity that throws this. */
async function keptOf(thrown: unknown): Promise<{ failure: Error; kept: string }> {
  const { fails } = withErrorBoundary({ fails: async () => Promise.reject(thrown as Error) }, log);
  const failure = await fails().then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
  const proto = defaultFailureConverter.errorToFailure(failure, defaultPayloadConverter);
  return { failure, kept: JSON.stringify(proto) };
}

describe('what an activity throws', () => {
  it('of our own stays as it is', async () => {
    const { failure } = await keptOf(waitFor(1_500, 'WaitingForSlot', 'its turn comes in 1500 ms'));
    expect(failure).toMatchObject({
      type: 'WaitingForSlot',
      message: 'its turn comes in 1500 ms',
      nextRetryDelay: 1_500,
      category: ApplicationFailureCategory.BENIGN,
    });
    expect(
      (await keptOf(failPermanently('MissingData', 'template "receipt": "total" not defined'))).failure,
    ).toMatchObject({
      nonRetryable: true,
      type: 'MissingData',
    });
  });

  it('loses its cause, and the frames of libraries', async () => {
    const failure = ApplicationFailure.create({ type: 'EmailRefused', message: 'no', cause: new Error(marker) });
    failure.stack = `ApplicationFailure: no\n    at send (/srv/node_modules/@smithy/core/index.js:1:2)\n    at ours (/srv/app/send.js:3:4)`;
    const { failure: thrown, kept } = await keptOf(failure);
    expect(thrown.cause).toBeUndefined();
    expect(thrown.stack).toBe('ApplicationFailure: no\n    at ours (/srv/app/send.js:3:4)');
    expect(kept).not.toMatch(/secret|node_modules/);
  });

  it('of a library becomes a failure of ours, under a reference that the log has too', async () => {
    const { failure, kept } = await keptOf(new Error(`list broke at ${marker}`, { cause: new Error(marker) }));
    expect(failure).toMatchObject({
      type: 'UnexpectedError',
      message: expect.stringMatching(/^An error that nobody foresaw; .* \([0-9a-f]{8}\)$/),
    });
    expect(kept).not.toMatch(/secret|Zebulon|list broke/);
    const [reference] = /[0-9a-f]{8}/.exec(failure.message.slice(-10)) ?? [];
    expect(logged).toMatchObject([{ activity: 'fails', reference, error: 'Error', frames: expect.any(Array) }]);
    expect(JSON.stringify(logged)).not.toMatch(/secret|Zebulon/);
  });

  it.each([
    Object.assign(new Error(`connect ECONNREFUSED ${marker}`), { code: 'ECONNREFUSED' }),
    Object.assign(new Error(marker), { code: '57P01' }),
    Object.assign(new Error(marker), { code: '53300' }),
    new Error('Connection is closed.'),
    new Error('Command timed out'),
  ])('because something is away says so: %s', async (error) => {
    expect((await keptOf(error)).failure).toMatchObject({ type: 'DependencyUnavailable', nonRetryable: false });
  });

  it('by a mistake of ours is found in the log: where, and what', async () => {
    const nothing = undefined as unknown as { total: number };
    const { failure } = await keptOf(
      await Promise.resolve()
        .then(() => nothing.total)
        .catch((error: unknown) => error),
    );
    expect(failure).toMatchObject({ type: 'UnexpectedError' });
    expect(logged).toMatchObject([{ error: 'TypeError', said: expect.stringContaining("reading 'total'") }]);
    expect(JSON.stringify(logged)).toContain('error-boundary.test.ts');
  });

  it('because Temporal wants it to end passes', async () => {
    expect((await keptOf(new CancelledFailure('CANCELLED', [], new Error(marker)))).failure).toBeInstanceOf(
      CancelledFailure,
    );
    expect((await keptOf(new CancelledFailure('CANCELLED', [], new Error(marker)))).kept).not.toContain('secret');
    expect((await keptOf(new CompleteAsyncError())).failure).toBeInstanceOf(CompleteAsyncError);
  });

  it('may be anything, and nothing of it gets through', async () => {
    const odd = fc.constantFrom<(text: string) => unknown>(
      (text) => text,
      (text) => ({ message: text, code: text }),
      (text) => Object.assign(new Error(text), { name: text, code: text, stack: text }),
      (text) => Object.assign(new Error('x'), { stack: `Error: x\n    at ${text} (x:1:2)`, message: text }),
      (text) => new AggregateError([new Error(text)], text),
      (text) => new ReadingError({ name: text, sentence: text }),
    );
    await fc.assert(
      fc.asyncProperty(odd, fc.constantFrom(marker, 'zq.secret', 'Zebulon'), async (make, text) => {
        logged = [];
        const { kept } = await keptOf(make(text));
        expect(kept).not.toMatch(/secret|Zebulon/);
        expect(JSON.stringify(logged)).not.toMatch(/zq.secret@/);
      }),
    );
  });

  it('what it returns is not touched', async () => {
    const { adds } = withErrorBoundary({ adds: async (one: number, other: number) => one + other }, log);
    expect(await adds(1, 2)).toBe(3);
  });
});

it('no file of activities/ gives an error a cause: Temporal keeps the chain', () => {
  const folder = join(import.meta.dirname, '../activities');
  const giving = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => /\bcause\s*[:}]|,\s*cause\b|\.cause\s*=/.test(readFileSync(join(folder, file), 'utf8')));
  expect(giving).toEqual([]);
});
