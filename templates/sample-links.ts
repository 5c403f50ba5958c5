import type { CompiledTemplate } from './compiled.ts';

/** What stands for the links of a mail where nobody is mailed: the same for everybody, and leads nowhere. */
export function sampleLinks({ class: kind, events }: Pick<CompiledTemplate, 'class' | 'events'>) {
  return {
    ...(kind === 'marketing' && {
      unsubscribe: 'https://links.invalid/unsubscribe',
      preferences: 'https://links.invalid/preferences',
    }),
    ...(events.includes('consent.requested') && { confirm: 'https://links.invalid/confirm' }),
  };
}
