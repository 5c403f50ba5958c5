/** The person of an order whose email is to be queued. */
export function queuedUser(id: string): string {
  return `q_${id}`;
}

export function isQueuedUser(user: string): boolean {
  return user.startsWith(queuedUser(''));
}
