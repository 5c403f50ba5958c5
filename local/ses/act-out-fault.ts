import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { errorReply } from './errors.ts';
import type { FaultAction, FaultPlan } from './faults.ts';

export interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  /** Aborted when the stand-in closes, so that nothing waits on. */
  closing: AbortSignal;
  /** Does what was asked for, and answers what SES would answer. */
  perform: () => Response;
}

/** Acts one fault out on one request. What was accepted before a reply was lost stays accepted: that is the point. */
export async function actOut(action: FaultAction, exchange: Exchange, plan: FaultPlan): Promise<Response> {
  const { outgoing, closing, perform } = exchange;
  switch (action.type) {
    case 'error':
      return errorReply(action);
    case 'html-error':
      return htmlError(action.status);
    case 'slow':
      await wait(action.ms, closing);
      return perform();
    case 'pause':
      return pause(exchange, plan);
    case 'reset-before-accept':
      return reset(exchange);
    case 'headers-only':
      if (action.accept) perform();
      return headersOnly(exchange);
    case 'stall':
      if (action.accept) perform();
      await wait(action.ms, closing, outgoing);
      return reset(exchange);
    case 'broken-body':
    case 'half-body':
    case 'reset-after-accept':
    case 'reset-mid-reply':
      return loseReply(action.type, perform(), exchange);
    default:
      return action satisfies never;
  }
}

/** A refused request has no acceptance to hide, so the refusal is answered as it is. */
function loseReply(
  how: 'broken-body' | 'half-body' | 'reset-after-accept' | 'reset-mid-reply',
  reply: Response,
  exchange: Exchange,
): Response {
  if (!reply.ok) return reply;
  if (how === 'reset-after-accept') return reset(exchange);
  if (how === 'broken-body') {
    return new Response('{"MessageId": "0107', { headers: { 'content-type': 'application/json' } });
  }
  const { outgoing } = exchange;
  outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': '76' });
  // An orderly close, not a reset: a reset may overtake the header that the client is meant to see.
  outgoing.write('{"MessageId": "0107', () => void (how === 'reset-mid-reply' && outgoing.destroy()));
  return RESPONSE_ALREADY_SENT;
}

/** The connection stays open until the client closes it, or the stand-in does. So does that of half a body. */
function headersOnly({ outgoing }: Exchange): Response {
  outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': '76' });
  outgoing.flushHeaders();
  return RESPONSE_ALREADY_SENT;
}

function reset({ incoming }: Exchange): Response {
  incoming.socket.resetAndDestroy();
  return RESPONSE_ALREADY_SENT;
}

function htmlError(status: number): Response {
  const page = `<html><head><title>${status}</title></head><body><center><h1>${status}</h1></center></body></html>\r\n`;
  return new Response(page, { status, headers: { 'content-type': 'text/html' } });
}

async function pause({ incoming, outgoing, closing, perform }: Exchange, plan: FaultPlan): Promise<Response> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  outgoing.once('close', leave);
  await plan.hold(AbortSignal.any([gone.signal, closing]));
  outgoing.off('close', leave);
  if (gone.signal.aborted || closing.aborted) {
    incoming.socket.destroy();
    return RESPONSE_ALREADY_SENT;
  }
  return perform();
}

/** Waits, but not beyond the end of the stand-in, nor (when given) of the client's connection. */
async function wait(ms: number, closing: AbortSignal, outgoing?: ServerResponse): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  outgoing?.once('close', leave);
  await sleep(ms, undefined, { signal: AbortSignal.any([closing, gone.signal]) }).catch(() => undefined);
  outgoing?.off('close', leave);
}
