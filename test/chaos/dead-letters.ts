import type { StoredMsg } from '@nats-io/jetstream';

import type { JetStream } from '../../runtime/nats-connection.ts';
import { streamSettings } from '../support/own-nats.ts';
import type { Poison } from './poison.ts';

/** A letter, by the id under which its message was published. */
interface Letter {
  id: string;
  reason: string;
}

/** Every dead letter there is. */
export async function readDeadLetters({ manager }: Pick<JetStream, 'manager'>): Promise<Letter[]> {
  const letters: Letter[] = [];
  for (let seq = 1; ;) {
    const next = { seq, next_by_subj: 'marketing.dlq.>' };
    const found = await manager.streams.getMessage(streamSettings.deadLetters, next);
    if (!found) return letters;
    letters.push({ id: publishedAs(found), reason: found.header.get('Rivulet-Dlq-Reason') });
    seq = found.seq + 1;
  }
}

/** A letter keeps the headers of its message, or their bytes where no client could read them. */
function publishedAs({ header }: StoredMsg): string {
  const id = header.get('Rivulet-Original-Nats-Msg-Id');
  if (id) return id;
  const block = Buffer.from(header.get('Rivulet-Dlq-Headers-Base64'), 'base64').toString('latin1');
  return /^Nats-Msg-Id: (.+)$/m.exec(block)?.[1]?.trim() ?? 'without an id';
}

export interface Account {
  expected: number;
  found: number;
  /** Poisoned messages without a letter, those with several, and those whose letter names another reason. */
  missing: string[];
  repeated: string[];
  misjudged: string[];
  /** Letters of good messages. */
  ofGood: Letter[];
}

export function account(poison: readonly Poison[], letters: readonly Letter[]): Account {
  const reasons = new Map<string, string[]>();
  for (const { id, reason } of letters) reasons.set(id, [...(reasons.get(id) ?? []), reason]);
  const found = poison.map(({ message, reason }) => ({ id: message.id, reason, got: reasons.get(message.id) ?? [] }));
  const ids = new Set(poison.map(({ message }) => message.id));
  return {
    expected: poison.length,
    found: letters.length,
    missing: found.filter(({ got }) => got.length === 0).map(({ id }) => id),
    repeated: found.filter(({ got }) => got.length > 1).map(({ id }) => id),
    misjudged: found.flatMap(({ id, reason, got }) =>
      got.filter((each) => each !== reason).map((each) => `${id}: ${each}`),
    ),
    ofGood: letters.filter(({ id }) => !ids.has(id)),
  };
}
