import { setTimeout as sleep } from 'node:timers/promises';

/** How long a mail or an outcome may take before the demo calls it missing. */
const patienceMs = 20_000;

/** A check in words, and whether it is so. */
export type Check = readonly [what: string, isSo: () => Promise<boolean>];

/** Makes the checks in turn and prints each; true when all are well. */
export async function allWell(checks: readonly Check[], print: (line: string) => void): Promise<boolean> {
  let well = true;
  for (const [what, isSo] of checks) {
    const so = await isSo();
    well &&= so;
    print(`  ${so ? 'ok  ' : 'FAIL'}  ${what}`);
  }
  return well;
}

/** Waits until the inbox holds `count` such mails, and gives them a moment to become too many. */
export async function mailCame(inbox: string, to: string, subject: string, count: number): Promise<boolean> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(100)) {
    const subjects = await subjectsOf(inbox, { to, subject });
    if (subjects.length >= count) return subjects.length === count;
  }
  return false;
}

/** The subjects of what the inbox holds, the first mail first. */
export async function subjectsOf(inbox: string, which: { to: string; subject?: string }): Promise<string[]> {
  const reply = await fetch(`${inbox}/api/mails?${new URLSearchParams(which).toString()}`);
  const mails = (await reply.json()) as { subject: string }[];
  return mails.map(({ subject }) => subject).toReversed();
}

/** What comes of it, or undefined when that takes too long. */
export async function within<T>(result: Promise<T>): Promise<T | undefined> {
  const patience = new AbortController();
  const tooLate = sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined);
  return Promise.race([result, tooLate]).finally(() => patience.abort());
}
