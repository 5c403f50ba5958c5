import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { Event } from '../../events/index.ts';
import { parseEvent } from '../../events/parse.ts';
import { readableIds } from '../../events/readable-ids.ts';
import { isFeedback } from '../../ingress/lanes.ts';
import type { CliContext } from '../context.ts';
import { NotDone, WrongUse } from '../wrong-use.ts';
import { notFound } from './choose.ts';
import type { WholeLetter } from './letter.ts';
import { editedPublication } from './publication.ts';
import { replayLetter } from './replay-letter.ts';
import { readableBody } from './show.ts';
import { withDeadLetters } from './stream.ts';

/**
 * Opens the body of a letter in the operator's editor, and replays what is saved. Throws NotDone when it is unchanged or invalid,
 * has another event_id, or when the letter is gone by then: nothing is sent, and a changed text stays in its file.
 */
export async function editAndReplay({ env, print }: CliContext, seq: number): Promise<void> {
  const editor = env['VISUAL'] || env['EDITOR'];
  if (!editor) throw new WrongUse('--edit opens the editor in VISUAL or EDITOR: set one, such as EDITOR=nano.');
  const before = await withDeadLetters(env, (stream) => stream.read(seq));
  if (before === undefined) throw notFound(seq);
  if (isFeedback(before.subject))
    throw new NotDone(`Dead letter ${seq} is feedback, not an event: replay or discard it.`);

  const edited = await edit(editor, before);
  try {
    const event = checked(before, edited.bytes);
    await replayEdited(env, before, edited.bytes, event);
    edited.discard();
    const { event_id, event_type, user_id } = event;
    print(`Replayed ${seq} as ${event_type} of ${user_id}, event_id ${event_id}${noteOn(before, event)}.`);
  } catch (error) {
    print(`Your text is in ${edited.file}`);
    throw error;
  }
}

/** An editor may be open for hours: this connects again, and the letter may be gone. */
function replayEdited(env: NodeJS.ProcessEnv, before: WholeLetter, bytes: Uint8Array, event: Event): Promise<void> {
  const { seq, storedAt } = before;
  return withDeadLetters(env, async (stream) => {
    const now = await stream.read(seq);
    if (now?.storedAt !== storedAt) {
      throw new NotDone(`Dead letter ${seq} was replayed or discarded meanwhile. Nothing was sent.`);
    }
    const replayed = await replayLetter(stream, seq, editedPublication(stream.name, now, bytes, event));
    if (replayed === 'otherwise') {
      throw new NotDone(`Another command has just replayed dead letter ${seq} with other content. Nothing was sent.`);
    }
  });
}

interface Edited {
  bytes: Uint8Array;
  file: string;
  /** Deletes the file. */
  discard(): void;
}

/** The file has personal data: only the operator can read it, and it is deleted unless their text would be lost. */
async function edit(editor: string, { seq, data }: WholeLetter): Promise<Edited> {
  const file = join(mkdtempSync(join(tmpdir(), 'rivulet-dead-letter-')), `${seq}.json`);
  const discard = () => rmSync(dirname(file), { recursive: true, force: true });
  const original = Buffer.from(`${readableBody(data)}\n`);
  writeFileSync(file, original, { mode: 0o600 });
  // Through a shell, as git does: the variable may have arguments in it.
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  const bytes = existsSync(file) ? readFileSync(file) : original;
  const unchanged = bytes.equals(original);
  if (unchanged) discard();
  if (code !== 0) {
    const kept = unchanged ? '' : ` Your text is in ${file}`;
    throw new NotDone(`The editor (${editor}) ended with exit code ${code}. Nothing was sent.${kept}`);
  }
  if (unchanged) throw new NotDone(`Dead letter ${seq} is unchanged. Nothing was sent.`);
  return { bytes, file, discard };
}

function checked(letter: WholeLetter, bytes: Uint8Array): Event {
  const result = parseEvent(bytes);
  if (!result.ok) throw new NotDone(`Still invalid: ${result.error}. Nothing was sent.`);
  const { event } = result.parsed;
  const had = idBefore(letter);
  if (had !== undefined && event.event_id !== had) {
    throw new NotDone(
      `The event_id was changed from ${had} to ${event.event_id}: keep it, else an email could be sent twice. Nothing was sent.`,
    );
  }
  return event;
}

/** An id that belongs to another event is the mistake: only another one mends it. */
function idBefore({ reason, data }: WholeLetter): string | undefined {
  return reason === 'event_id_reused' ? undefined : readableIds(data).event_id;
}

function noteOn(letter: WholeLetter, { event_id }: Event): string {
  const had = readableIds(letter.data).event_id;
  if (had === event_id) return '';
  return had === undefined ? ', which the original did not have' : ` instead of ${had}, which belongs to another event`;
}
