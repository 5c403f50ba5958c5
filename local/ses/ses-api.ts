import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { actOut } from './act-out-fault.ts';
import { errorReply, malformed, SesError } from './errors.ts';
import type { FaultSubject } from './faults.ts';
import { findOperation } from './operations.ts';
import { assertSigned } from './signature.ts';
import { readBody } from './read-body.ts';
import type { Account } from './send-email.ts';

export interface Latency {
  /** Mean time before a request is handled. */
  ms: number;
  /** The fraction of it by which it varies, both ways, evenly. */
  jitter: number;
}

/** The API's own cap on a request, so that a mistaken client cannot fill the memory. */
export const MAX_REQUEST_BYTES = 41 * 1024 * 1024;

/** SES's HTTP API: signature, body, latency, faults, operation, in this order. */
export function sesApi(account: Account, latency: Latency, closing: AbortSignal): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use('/v2/*', async (c, next) => {
    await next();
    // Where the SDK finds `$metadata.requestId`.
    if (c.res !== RESPONSE_ALREADY_SENT) c.res.headers.set('x-amzn-requestid', randomUUID());
  });
  app.all('/v2/*', async (c) => {
    const url = new URL(c.req.url);
    const found = findOperation(c.req.method, url.pathname);
    account.record.request(found?.operation.name ?? 'unknown');
    try {
      assertSigned(c.req.header('authorization'), c.req.header('x-amz-date'), Date.now());
      if (!found) throw new SesError('UnknownOperationException', 404, `${c.req.method} ${url.pathname} is not known.`);
      const { operation, name } = found;
      const body = parse(await readBody(c.env.incoming, MAX_REQUEST_BYTES));
      await delay(latency, closing);
      const perform = () =>
        answer(account, () => Response.json(operation.run(account, { name, query: url.searchParams, body })));
      const fault = account.faults.next(subjectOf(operation.name, body));
      if (!fault) return perform();
      account.record.fault(fault.type);
      if (fault.type === 'error') account.record.refusal(fault.name);
      return await actOut(fault, { ...c.env, closing, perform }, account.faults);
    } catch (error) {
      return refuse(account, error);
    }
  });
  return app;
}

function answer(account: Account, run: () => Response): Response {
  try {
    return run();
  } catch (error) {
    return refuse(account, error);
  }
}

/** @throws what is not a refusal: a mistake in the stand-in itself must not look like SES saying no */
function refuse(account: Account, error: unknown): Response {
  if (!(error instanceof SesError)) throw error;
  account.record.refusal(error.name);
  return errorReply(error);
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    throw malformed('Request body is not JSON.');
  }
}

async function delay({ ms, jitter }: Latency, closing: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  const varied = ms * (1 + jitter * (2 * Math.random() - 1));
  await sleep(varied, undefined, { signal: closing }).catch(() => undefined);
}

/** Looks into the body for what a fault rule may ask, without trusting it: faults come before validation. */
function subjectOf(operation: string, body: unknown): FaultSubject {
  const { Destination, EmailTags } = (body ?? {}) as {
    Destination?: Record<string, unknown>;
    EmailTags?: unknown;
  };
  const lists = Destination && typeof Destination === 'object' ? Object.values(Destination).flat() : [];
  const tags = Array.isArray(EmailTags) ? EmailTags : [];
  return {
    operation,
    recipients: lists.filter((entry) => typeof entry === 'string'),
    tags: Object.fromEntries(tags.map((tag) => [String(tag?.Name), String(tag?.Value)])),
  };
}
