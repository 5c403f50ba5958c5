import type { JsonSchema } from './json-schema.ts';

/** Messages without it are accepted too: it lets JetStream drop a copy early. */
const messageId = {
  type: 'string',
  description: 'The event_id. JetStream drops a second message with the same id within two minutes.',
};

/**
 * The AsyncAPI 3.0 document of all event types. It refers to their schemas by `schemaAt`, a relative address, so that there is one text
 * of each.
 */
export function asyncApi(schemas: ReadonlyMap<string, JsonSchema>, schemaAt: (type: string) => string): object {
  const each = <Value>(value: (type: string, schema: JsonSchema) => Value) =>
    Object.fromEntries([...schemas].map(([type, schema]) => [type, value(type, schema)]));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Rivulet events',
      version: '1.0.0',
      description:
        'Events that start and steer email journeys. Publish each to the subject of its type; JetStream acknowledges it once it is stored in the stream MARKETING_EVENTS. Publish again, with the same event_id, until it does.',
    },
    defaultContentType: 'application/json',
    servers: {
      nats: {
        host: '{host}',
        protocol: 'nats',
        description: 'NATS with JetStream.',
        variables: { host: { description: 'Host and port of NATS.', default: 'nats.example.com:4222' } },
      },
    },
    channels: each((type) => ({
      address: `marketing.events.${type}`,
      title: type,
      messages: { [type]: { $ref: `#/components/messages/${type}` } },
      'x-nats-stream': 'MARKETING_EVENTS',
    })),
    operations: each((type) => ({
      action: 'send',
      title: `Publish ${type}`,
      channel: { $ref: `#/channels/${type}` },
      messages: [{ $ref: `#/channels/${type}/messages/${type}` }],
    })),
    components: {
      messages: each((type, { description, examples = [] }) => ({
        name: type,
        title: type,
        summary: description,
        headers: { type: 'object', properties: { 'Nats-Msg-Id': messageId } },
        payload: { schemaFormat: 'application/schema+json;version=draft-2020-12', schema: { $ref: schemaAt(type) } },
        examples: (examples as { event_id: string }[]).map((payload) => ({
          name: 'sample',
          headers: { 'Nats-Msg-Id': payload.event_id },
          payload,
        })),
      })),
    },
  };
}
