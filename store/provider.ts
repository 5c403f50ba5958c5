/** What all workers know of the provider from their sends. May be lost at any time: then they are more cautious for a while. */
export interface ProviderState {
  /** An email was accepted now. Recorded at most once a second by each process. */
  noteAccepted(): Promise<void>;
  /** When an email was last accepted, Unix ms; undefined when that is not known. */
  acceptedAt(): Promise<number | undefined>;
  /** Makes this email the only one that tries whether the provider works again, for a minute. True also when it is that one already. */
  takeCanary(tag: string): Promise<boolean>;
}
