import type { Suppression, SuppressionReason } from '../../store/suppressions.ts';
import type { CliContext } from '../context.ts';
import { when } from '../gate.ts';
import { type OpenStore, withStore, withSecretStore } from '../store.ts';
import { masked, type Whom, whomOf } from './whom.ts';

export interface AddOptions {
  reason: Extract<SuppressionReason, 'manual' | 'hard_bounce' | 'complaint'>;
  scope: Suppression['scope'];
}

export function add(context: CliContext, text: string, { reason, scope }: AddOptions): Promise<void> {
  return withHash(context, whomOf(text), async ({ store, config }, hash, name) => {
    const suppression = { reason, scope, since: Date.now(), source: 'operator' };
    const isNew = await store.suppressions.add(hash, suppression);
    context.print(`${isNew ? 'Suppressed' : 'Suppressed already, nothing changed'}: ${name}`);
    await showWho(context, store, hash);
    if (isNew && reason !== 'manual' && config.provider.type === 'ses') {
      context.print(`${toldSoon(config)} if somebody here has this address.`);
    }
  });
}

/** What a provider's list may hold an address for; where it does not say why, for either. */
const shared: SuppressionReason[] = ['hard_bounce', 'complaint', 'provider_list'];

export function remove(context: CliContext, text: string, reason?: SuppressionReason): Promise<void> {
  return withHash(context, whomOf(text), async ({ store, config }, hash, name) => {
    const concernsProvider = config.provider.type === 'ses' && (reason === undefined || shared.includes(reason));
    if (concernsProvider) {
      await store.suppressionSync.lift(hash, reason === 'hard_bounce' || reason === 'complaint' ? reason : undefined);
    }
    const lifted = await store.suppressions.lift(hash, reason, 'operator');
    if (lifted.length > 0) context.print(`Lifted: ${lifted.join(', ')} of ${name}`);
    else context.print(`Not suppressed${reason === undefined ? '' : ` for ${reason}`}: ${name}`);
    await showWho(context, store, hash);
    if (concernsProvider)
      context.print("The provider's own list is cleared of it at the next run of suppression-sync.");
  });
}

function toldSoon({ suppression }: OpenStore['config']): string {
  const hours = Math.round(suppression.sync_interval / 3_600_000);
  return `The provider's list is told within ${hours > 1 ? `${hours} hours` : 'an hour'},`;
}

/** A hash needs no secret. */
function withHash(
  { env }: CliContext,
  whom: Whom,
  use: (found: OpenStore, hash: string, name: string) => Promise<void>,
): Promise<void> {
  if ('hash' in whom) return withStore(env, (found) => use(found, whom.hash, whom.hash));
  return withSecretStore(env, (found) => {
    const hash = found.store.addressHash(whom.address);
    return use(found, hash, `${masked(whom.address)} (${hash})`);
  });
}

async function showWho({ print }: CliContext, store: OpenStore['store'], hash: string): Promise<void> {
  const [suppressions, people] = await Promise.all([store.suppressions.of(hash), store.contacts.peopleAt(hash)]);
  for (const suppression of suppressions) print(`  ${describeSuppression(suppression)}`);
  if (suppressions.length === 0)
    print('  Nothing suppresses this address now; what people agreed to is another matter.');
  print(`  people with this address: ${people.join(', ') || 'none that are known'}`);
}

/** One line: the reason, what it stops, since and until when, and what brought it. */
export function describeSuppression({ reason, scope, since, until, source }: Suppression): string {
  const stops = scope === 'all' ? 'stops all mail' : 'stops marketing mail';
  const end = until === undefined ? '' : ` until ${when(until)}`;
  return `${reason}: ${stops} since ${when(since)}${end} (${source})`;
}
