import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { runMain } from '../../runtime/stop-signal.ts';
import { runWorker } from '../../worker/run-worker.ts';
import type { Boundary, DeathNote } from './boundaries.ts';

/** The request is on its way by then, and SES (see `latencyMs` of stage.ts) has not answered yet. */
const writtenMs = 10;
/** Longer than SES takes to answer: the reply lies unread in the socket. */
const answeredMs = 1_500;

/** How often this worker has come to its boundary. */
let passed = 0;

/** How many mails had their last check, and the requests to SES that came of it, in the same order. */
let checked = 0;
const requests: ClientRequest[] = [];
subscribe('http.client.request.start', (message) => {
  const { request } = message as { request: ClientRequest };
  if (request.path.endsWith('/outbound-emails')) requests.push(request);
});

/**
 * The worker as it is, but for this: at one boundary of its nth send there it kills itself, as kill -9 would at just that
 * moment.
 */
await runMain(() => runWorker(mortal));

function mortal(deps: ActivityDependencies): ActivityDependencies {
  const { sends } = deps.store;
  return {
    ...deps,
    store: {
      ...deps.store,
      sends: {
        ...sends,
        claim: (email, claim) => claiming(email.tag, () => sends.claim(email, claim)),
        async accept(tag, id) {
          dieAt('reply read, before accept', tag);
          const accepted = await sends.accept(tag, id);
          dieAt('after accept, not reported', tag);
          return accepted;
        },
      },
    },
    mailer: {
      ...deps.mailer,
      send: (mail, lastCheck) =>
        deps.mailer.send(mail, async () => {
          await lastCheck();
          setTimeout(() => dieAt('in flight', mail.tag), writtenMs);
          void unanswered(checked++).then((is) => {
            if (is) dieAt('accepted, reply not read', mail.tag, () => standStill(answeredMs));
          });
        }),
    },
  };
}

/** Resolves when this request is with the system's network, however slow the machine: true unless its reply has been read. */
async function unanswered(nth: number): Promise<boolean> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await sleep(1)) {
    const request = requests[nth];
    if (request?.writableFinished) return !('res' in request && request.res);
  }
  return false;
}

async function claiming<Taken extends { kind: string }>(tag: string, claim: () => Promise<Taken>): Promise<Taken> {
  dieAt('before the claim', tag);
  const taken = await claim();
  if (taken.kind === 'claimed') dieAt('after the claim', tag);
  return taken;
}

function dieAt(boundary: Boundary, tag: string, first = () => {}): void {
  if (boundary !== process.env['RIVULET_CHAOS_BOUNDARY']) return;
  passed += 1;
  if (passed < Number(process.env['RIVULET_CHAOS_NTH'])) return;
  first();
  writeFileSync(process.env['RIVULET_CHAOS_NOTE'] ?? '', JSON.stringify({ boundary, tag } satisfies DeathNote));
  process.kill(process.pid, 'SIGKILL');
  standStill(60_000); // not one step more, should the signal take a moment
}

/** Blocks the whole process: nothing is read and nothing goes on meanwhile. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
