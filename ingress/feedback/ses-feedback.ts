/** What SES told about one mail, whatever envelope it came in, with the names and units of this project. */
export type SesFeedback = AboutMail &
  (
    | { type: 'send' | 'delivery'; recipients: Recipient[] }
    | { type: 'bounce'; bounceType: BounceType; subType: string; recipients: Recipient[] }
    /** `feedbackType` and `subType` are words of SES, such as `abuse` and `OnAccountSuppressionList`; see known-words.ts. */
    | { type: 'complaint'; feedbackType?: string; subType?: string; recipients: Recipient[] }
    | { type: 'reject' | 'rendering_failure'; recipients: Recipient[] }
    | { type: 'delivery_delay'; delayType: string; recipients: Recipient[] }
    | { type: 'open'; by: Reader; recipients: Recipient[] }
    /** `link` without its query and fragment, which may hold what is personal. */
    | { type: 'click'; by: Reader; link: string; recipients: Recipient[] }
    /** Who used SES's own list management. `optOut`: the topics left, or all of them. */
    | { type: 'subscription'; optOut: 'all' | string[]; recipients: Recipient[] }
  );

export interface AboutMail {
  /** The same for every copy of this event, and for no other: what de-duplication goes by. */
  id: string;
  /** When it happened, Unix ms. */
  at: number;
  /** The provider's id of the mail. */
  messageId?: string;
  /** The message tag, when this deployment sent the mail; see store/keys.ts. */
  tag?: string;
}

/**
 * `status`: the enhanced status code, such as 5.1.1, when there was one. `unknownUser`: the receiver says in words that there is no such
 * mailbox.
 */
export interface Recipient {
  address: string;
  status?: string;
  unknownUser?: true;
}

export type BounceType = 'permanent' | 'transient' | 'undetermined';

/** Who opened or clicked, as SES judges; older events do not say. */
export type Reader = 'human' | 'machine' | 'unknown';

/** What SES and SNS write about the topic itself when somebody sets it up. It tells of no mail, and it is no mistake. */
export interface SetUpNotice {
  type: 'notice';
  notice: 'topic_validated' | 'topic_subscribed' | 'subscription_to_confirm' | 'subscription_ended';
}

/** Something that came in as feedback and tells nothing that can be acted on. It is kept and counted, and harms nobody. */
export interface UnusableFeedback {
  type: 'unusable';
  reason: 'not_json' | 'not_an_event' | 'unknown_type' | 'missing_block' | 'too_many_recipients';
  /** What is missing or unknown, without a value that could be personal. */
  detail: string;
  /** Even an event of a type that nobody knows proves that the provider has the mail. */
  messageId?: string;
  tag?: string;
}
