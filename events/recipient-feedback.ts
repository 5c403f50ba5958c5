/**
 * One thing that came back about one address, as the recipient workflow gets it by signal. It holds no address, and no
 * text that somebody else wrote: histories are kept for weeks and read by many.
 */
export type RecipientFeedback = FeedbackOrigin &
  /** `unknown_user`: the receiver says in words that there is no such mailbox. */
  (
    | {
        kind: 'bounce';
        type: 'permanent' | 'transient' | 'undetermined';
        sub_type: string;
        status?: string;
        unknown_user?: true;
      }
    | { kind: 'complaint'; type?: string; sub_type?: string }
    /** The provider took the mail and then did not send it. */
    | { kind: 'not_sent'; why: 'reject' | 'rendering_failure' }
    /** A mail arrived, or a person clicked in one: whatever was in the way is over. */
    | { kind: 'reached' }
    /** `topics`: `*` is every one of them. `recorded`: the consents know it already. */
    | { kind: 'opt_out'; topics: string[]; recorded: boolean; source: string }
  );

export interface FeedbackOrigin {
  /** Short, and the same for every copy of it. */
  id: string;
  /** When it happened, Unix ms. */
  at: number;
  /** What it came for, where this deployment sent that mail. */
  template?: string;
  topic?: string;
}
