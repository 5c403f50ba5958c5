import type { ActivityDependencies } from './dependencies.ts';
import type { Send, SendResult } from './send.ts';

/** Every end of a send is counted and logged, by its key alone. */
export function ended(deps: ActivityDependencies, send: Send, result: SendResult): SendResult {
  deps.metrics.sends.inc({ template: send.template, outcome: result.outcome });
  deps.log.info({ message_key: send.messageKey, ...result }, 'email.ended');
  return result;
}
