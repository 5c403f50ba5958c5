import { randomUUID } from 'node:crypto';

/** An id of the look of SES's message and feedback ids: region and time in hex, a UUID, a zero suffix. */
export function mintSesId(): string {
  return `0107${Date.now().toString(16).padStart(12, '0')}-${randomUUID()}-000000`;
}
