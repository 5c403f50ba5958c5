import { z } from 'zod';
import { bareAddress } from './addresses.ts';
import { seededRandom } from './random.ts';

const milliseconds = z.number().min(0).max(3_600_000);

const action = z.discriminatedUnion('type', [
  /** Refuses with this error. Nothing is accepted. */
  z.object({
    type: z.literal('error'),
    name: z.string(),
    status: z.number().int().min(400).max(599),
    message: z.string(),
  }),
  /** Answers as a proxy in front of SES would: an HTML page. Nothing is accepted. */
  z.object({ type: z.literal('html-error'), status: z.number().int().min(400).max(599) }),
  /** Accepts, then answers 200 with JSON that ends too early. */
  z.object({ type: z.literal('broken-body') }),
  /** Resets the connection. Nothing is accepted. */
  z.object({ type: z.literal('reset-before-accept') }),
  /** Accepts, then resets the connection without a reply. */
  z.object({ type: z.literal('reset-after-accept') }),
  /** Accepts, sends the 200 header and the start of the body, then closes the connection. */
  z.object({ type: z.literal('reset-mid-reply') }),
  /** Accepts or not, then sends the 200 header and never the body. */
  z.object({ type: z.literal('headers-only'), accept: z.boolean() }),
  /** Accepts, sends the 200 header and the start of the body, and nothing more. */
  z.object({ type: z.literal('half-body') }),
  /** Accepts or not, then says nothing for `ms` and resets. */
  z.object({ type: z.literal('stall'), ms: milliseconds, accept: z.boolean() }),
  /** Waits `ms`, then handles the request as usual, even when the client has gone: SES cannot know that either. */
  z.object({ type: z.literal('slow'), ms: milliseconds }),
  /** Holds requests until `release()`; then handles those whose client is still there. */
  z.object({ type: z.literal('pause') }),
]);

const rule = z.object({
  match: z
    .object({
      /** A whole address in any case, or the source of a regular expression between slashes: `/@example\.com$/`. */
      to: z.string().refine(compiles, 'is not a regular expression').optional(),
      tag: z.record(z.string(), z.string()).optional(),
      /** An operation's name; SendEmail when left out. `*` is every operation. */
      operation: z.string().optional(),
    })
    .optional(),
  /** Fires this often, then never again. Without it: for ever. */
  times: z.number().int().min(1).optional(),
  /** Fires on every nth matching request only. */
  every: z.number().int().min(1).optional(),
  /** Fires with this chance, by a generator with `seed`, so that a test can be repeated. */
  probability: z.number().min(0).max(1).optional(),
  seed: z.number().int().optional(),
  action,
});

/** The body of PUT /api/faults: what is left out stays as it is. */
export const faultPlan = z.strictObject({
  rules: z.array(rule).max(1000).optional(),
  events: z.boolean().optional(),
  enforceRate: z.boolean().optional(),
  sendingEnabled: z.boolean().optional(),
  productionAccessEnabled: z.boolean().optional(),
  enforcementStatus: z.enum(['HEALTHY', 'PROBATION', 'SHUTDOWN']).optional(),
  missingConfigurationSets: z.array(z.string()).max(1000).optional(),
  /** Lets paused requests go on, as soon as the rest of the plan is in place. */
  release: z.literal(true).optional(),
});

export type FaultAction = z.infer<typeof action>;
export type FaultPlanUpdate = z.infer<typeof faultPlan>;
type RuleInput = z.infer<typeof rule>;
export type FaultRule = Omit<RuleInput, 'match'> & {
  match?: Omit<NonNullable<RuleInput['match']>, 'to'> & { to?: string | RegExp | undefined };
};

/** What a rule can look at. */
export interface FaultSubject {
  operation: string;
  recipients: readonly string[];
  tags: Readonly<Record<string, string>>;
}

interface ArmedRule {
  rule: FaultRule;
  matched: number;
  fired: number;
  random: () => number;
}

/** What goes wrong, in order: the first rule that matches and fires decides. Tests set it; nobody else does. */
export class FaultPlan {
  #rules: ArmedRule[] = [];
  #held: (() => void)[] = [];
  /** Whether SES events are published at all. */
  events = true;
  /** Whether sends over the account's rate or daily quota are refused. */
  enforceRate = false;
  /** False: GetAccount says so, and SendEmail answers SendingPausedException. */
  sendingEnabled = true;
  productionAccessEnabled = true;
  enforcementStatus: 'HEALTHY' | 'PROBATION' | 'SHUTDOWN' = 'HEALTHY';
  /** Every other valid name exists. */
  missingConfigurationSets = new Set<string>();

  /** Adds a rule at the end. Answers how to take it away again. */
  add(rule: FaultRule): () => void {
    const armed = { rule, matched: 0, fired: 0, random: seededRandom(rule.seed ?? 1) };
    this.#rules.push(armed);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== armed);
    };
  }

  setEvents(on: boolean): void {
    this.events = on;
  }

  update({ rules, missingConfigurationSets, release, ...settings }: FaultPlanUpdate): void {
    if (rules) {
      this.#rules = [];
      for (const entry of rules) this.add(entry as FaultRule);
    }
    if (missingConfigurationSets) this.missingConfigurationSets = new Set(missingConfigurationSets);
    const given = Object.entries(settings).filter(([, value]) => value !== undefined);
    Object.assign(this, Object.fromEntries(given));
    if (release) this.release();
  }

  /** Back to an SES in good health; paused requests go on. */
  clear(): void {
    this.update({ rules: [], events: true, enforceRate: false, sendingEnabled: true, productionAccessEnabled: true });
    this.update({ enforcementStatus: 'HEALTHY', missingConfigurationSets: [], release: true });
  }

  /** Lets every paused request go on, and takes the rules away that would pause the next. */
  release(): void {
    this.#rules = this.#rules.filter(({ rule }) => rule.action.type !== 'pause');
    for (const go of this.#held.splice(0)) go();
  }

  /** Requests that wait in a pause. */
  get held(): number {
    return this.#held.length;
  }

  /** Resolves on release, or when the signal says that waiting has no sense any more. */
  hold(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        this.#held = this.#held.filter((other) => other !== go);
        signal.removeEventListener('abort', go);
        resolve();
      };
      this.#held.push(go);
      signal.addEventListener('abort', go);
      if (signal.aborted) go();
    });
  }

  /** The fault that this request meets, if any. Counts, so call it once per request. */
  next(subject: FaultSubject): FaultAction | undefined {
    for (const armed of this.#rules) {
      const { rule } = armed;
      if (armed.fired >= (rule.times ?? Infinity) || !matches(rule.match, subject)) continue;
      armed.matched += 1;
      if (rule.every !== undefined && armed.matched % rule.every !== 0) continue;
      if (rule.probability !== undefined && armed.random() >= rule.probability) continue;
      armed.fired += 1;
      return rule.action;
    }
    return undefined;
  }

  describe() {
    return {
      rules: this.#rules.map(({ rule, matched, fired }) => ({
        ...rule,
        ...(rule.match ? { match: { ...rule.match, to: rule.match.to && String(rule.match.to) } } : {}),
        matched,
        fired,
      })),
      held: this.held,
      events: this.events,
      enforceRate: this.enforceRate,
      sendingEnabled: this.sendingEnabled,
      productionAccessEnabled: this.productionAccessEnabled,
      enforcementStatus: this.enforcementStatus,
      missingConfigurationSets: [...this.missingConfigurationSets],
    };
  }
}

function matches(match: FaultRule['match'], { operation, recipients, tags }: FaultSubject): boolean {
  const wanted = match?.operation ?? 'SendEmail';
  if (wanted !== '*' && wanted !== operation) return false;
  const { to } = match ?? {};
  if (to !== undefined && !recipients.some((recipient) => matchesAddress(bareAddress(recipient), to))) return false;
  return Object.entries(match?.tag ?? {}).every(([name, value]) => tags[name] === value);
}

function compiles(to: string): boolean {
  try {
    return matchesAddress('', to) || true;
  } catch {
    return false;
  }
}

function matchesAddress(address: string, to: string | RegExp): boolean {
  if (to instanceof RegExp) return new RegExp(to.source, 'i').test(address);
  const source = /^\/(.+)\/$/.exec(to)?.[1];
  return source === undefined ? address === to.toLowerCase() : new RegExp(source, 'i').test(address);
}
