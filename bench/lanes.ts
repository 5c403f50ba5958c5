import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

import { percentile } from './figures.ts';
import { newOrders, type Publishable, publishAll, untilTakenIn } from './orders.ts';
import type { Scenario } from './scenario.ts';
import { onStage, type Stage } from './stage.ts';
import { surroundingsOf } from './surroundings.ts';
import { betweenMs, type Measured, measureUnrelated, unrelated } from './unrelated.ts';

/** What a backlog does to the receipt and the opt-out of somebody else: from publishing to the provider, and to the record. */
export const lanes: Scenario = ({ warmUp }, interrupted) =>
  onStage({ programs: ['ses', 'worker', 'ingress'], sesLatencyMs: 0 }, interrupted, async (stage) => {
    const backlogs: [string, () => Promise<unknown>][] = [
      ['nothing', async () => {}],
      ['5,000 marketing events', () => publishAll(stage, inactive(5_000), 500)],
      ['1,500 events of one user', () => publishAll(stage, ofOne(1_500), 500)],
      ['1,000 malformed headers', () => publishMalformed(stage, 1_000)],
    ];
    await publishAll(stage, newOrders(Math.min(warmUp, 200)));
    await untilTakenIn(stage);
    const rows = [['behind', 'receipt p50, ms', 'max', 'opt-out p50, ms', 'max', 'published within, ms']];
    const figures: Record<string, Measured> = {};
    const mistakes: string[] = [];
    for (const [name, fill] of backlogs) {
      console.error(`lanes: behind ${name}`);
      const startedAt = Date.now();
      await fill();
      const filled = Date.now() - startedAt;
      const { receipts, optOuts } = (figures[name] = await measureUnrelated(stage));
      if (receipts.length + optOuts.length < 2 * unrelated)
        mistakes.push(`${name}: a receipt or an opt-out is missing`);
      const cells = [receipts, optOuts].flatMap((ms) => [0.5, 1].map((share) => percentile(ms, share).toFixed(0)));
      rows.push([name, ...cells, String(filled)]);
      await untilTakenIn(stage);
    }
    return {
      surroundings: await surroundingsOf(stage),
      tables: [{ title: `${unrelated} receipts and ${unrelated} opt-outs, one of each every ${betweenMs} ms`, rows }],
      notes: [
        'A receipt: from the publishing of the order to the call of the provider. An opt-out: until it is in the record.',
      ],
      figures,
      mistakes,
    };
  });

function inactive(count: number): Publishable[] {
  return Array.from({ length: count }, () => {
    const id = randomUUID();
    return { event_id: id, event_type: 'user.became_inactive', user_id: `u_${id}`, timestamp: Date.now(), payload: {} };
  });
}

function ofOne(count: number): Publishable[] {
  const user = `u_${randomUUID()}`;
  return newOrders(count, () => user);
}

/** A blank in the name of a header, and no event in the body. By raw TCP: no client would send it. */
async function publishMalformed({ servers }: Stage, count: number): Promise<void> {
  const { hostname, port } = new URL(servers.nats.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const message = 'HPUB marketing.events.order.completed 20 24\r\nNATS/1.0\r\nA b: c\r\n\r\njunk\r\n';
  socket.write(`CONNECT {"verbose":false,"headers":true}\r\n${message.repeat(count)}PING\r\n`);
  for await (const bytes of socket) if (String(bytes).includes('PONG')) break;
  socket.destroy();
}
