/** Where a send can be cut: each a moment after which the next attempt finds the world in another state. */
export const boundaries = [
  'before the claim',
  'after the claim',
  'in flight',
  'accepted, reply not read',
  'reply read, before accept',
  'after accept, not reported',
] as const;

export type Boundary = (typeof boundaries)[number];

/** What a mortal worker leaves behind, so that the driver can tell its death from any other. */
export interface DeathNote {
  boundary: Boundary;
  /** The message tag of the send that it died at. */
  tag: string;
}
