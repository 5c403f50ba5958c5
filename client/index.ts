/** `rivulet/client`: publishes events to Rivulet from any service. docs/publishing.md shows how. */
export { type Client, connectClient, type ConnectOptions, type Published, type PublishOptions } from './connect.ts';
export { InvalidEventError, RefusedError, UnavailableError } from './errors.ts';
export type { EventToPublish, PayloadToPublish } from './event-to-publish.ts';
export { drainOutbox, type OutboxOptions, type OutboxPool, relayOutbox, type RelayOptions } from './outbox.ts';
export type { Dropped } from '../events/forgiving.ts';
export type { EventType } from '../events/index.ts';
