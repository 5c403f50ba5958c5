import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

// A data converter as a user would write one: what Temporal stores can be read only with the key.
const key = Buffer.alloc(32, 7);
const encoding = Buffer.from('binary/encrypted');

/** @type {import('@temporalio/common').PayloadCodec} */
const encrypt = {
  encode: async (payloads) =>
    payloads.map((payload) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const text = JSON.stringify({
        metadata: Object.entries(payload.metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)]),
        data: base64(payload.data ?? new Uint8Array()),
      });
      const data = Buffer.concat([iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
      return { metadata: { encoding }, data };
    }),
  decode: async (payloads) =>
    payloads.map((payload) => {
      if (!encoding.equals(payload.metadata?.encoding ?? new Uint8Array())) return payload;
      const data = Buffer.from(payload.data ?? []);
      const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, 12));
      decipher.setAuthTag(data.subarray(-16));
      const text = Buffer.concat([decipher.update(data.subarray(12, -16)), decipher.final()]).toString();
      const { metadata, data: inner } = JSON.parse(text);
      return {
        metadata: Object.fromEntries(metadata.map(([name, bytes]) => [name, Buffer.from(bytes, 'base64')])),
        data: Buffer.from(inner, 'base64'),
      };
    }),
};

function base64(bytes) {
  return Buffer.from(bytes).toString('base64');
}

export const dataConverter = { payloadCodecs: [encrypt] };
