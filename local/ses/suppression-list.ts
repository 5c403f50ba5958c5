import { bareAddress, parseMailbox } from './addresses.ts';
import { badRequest, notFound } from './errors.ts';

export interface Suppression {
  address: string;
  reason: 'BOUNCE' | 'COMPLAINT';
  /** Unix ms. */
  since: number;
}

const MAX_ENTRIES = 100_000;
const MAX_PAGE = 1000;

/** The account's suppression list. Addresses are compared without regard to case, as SES does. */
export class SuppressionList {
  readonly #entries = new Map<string, Suppression>();

  has(address: string): boolean {
    return this.#entries.has(bareAddress(address));
  }

  put(address: string, reason: string): void {
    if (reason !== 'BOUNCE' && reason !== 'COMPLAINT') throw badRequest(`Reason must be BOUNCE or COMPLAINT.`);
    const key = bareAddress(parseMailbox(address).address);
    if (this.#entries.size >= MAX_ENTRIES && !this.#entries.has(key)) {
      throw badRequest(`The stand-in's suppression list is full (${MAX_ENTRIES}).`);
    }
    this.#entries.set(key, { address: key, reason, since: Date.now() });
  }

  /** @throws SesError NotFoundException */
  get(address: string): Suppression {
    const entry = this.#entries.get(bareAddress(address));
    if (!entry) throw notFound(`Email address ${address} does not exist on your suppression list.`);
    return entry;
  }

  delete(address: string): void {
    this.get(address);
    this.#entries.delete(bareAddress(address));
  }

  /** One page; `next` is the token of the following one. */
  list(filter: { reasons: string[]; from: number; until: number; pageSize: number; token?: string }): {
    entries: Suppression[];
    next?: string;
  } {
    const start = filter.token === undefined ? 0 : Number(filter.token);
    if (!Number.isSafeInteger(start) || start < 0) throw badRequest('Invalid NextToken.');
    const size = Math.min(Math.max(filter.pageSize, 1), MAX_PAGE);
    const matching = [...this.#entries.values()].filter(
      ({ reason, since }) =>
        (filter.reasons.length === 0 || filter.reasons.includes(reason)) &&
        since >= filter.from &&
        since <= filter.until,
    );
    const entries = matching.slice(start, start + size);
    return start + size < matching.length ? { entries, next: String(start + size) } : { entries };
  }
}
