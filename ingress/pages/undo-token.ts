import { longestToken } from '../../runtime/tokens.ts';
import type { PageDependencies } from './dependencies.ts';

const undoForMs = 30 * 60_000;

/** A change that was just made: what somebody got and gets no more, and the other way round. */
export interface Change {
  user: string;
  /** The keyed hash of the inbox that the link came from. */
  address?: string | undefined;
  ended: readonly string[];
  begun: readonly string[];
  /** When it was said, Unix ms. */
  at: number;
  /** Made by a link that can only take away. */
  only?: 'leave' | undefined;
}

/** Takes back exactly this change, for half an hour. Undefined when there is nothing to take back, or too much of it. */
export function undoToken(
  { tokens, now = Date.now }: Pick<PageDependencies, 'tokens' | 'now'>,
  { user, address, ended, begun, at, only }: Change,
): string | undefined {
  if (ended.length + begun.length === 0) return undefined;
  const token = tokens.sign({
    user,
    action: 'undo',
    ...(ended.length > 0 && { topics: [...ended] }),
    ...(begun.length > 0 && { revoke: [...begun] }),
    since: at,
    until: now() + undoForMs,
    ...(address !== undefined && { address }),
    ...(only && { only }),
  });
  return token.length <= longestToken ? token : undefined;
}
