/**
 * Runs work of one person one after another and work of different people side by side. Within one ingress an order that
 * follows a sign-up then finds the address that the sign-up brought. Nothing may depend on it: two ingresses can still
 * overtake each other.
 */
export function inOrder(): <T>(person: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (person, work) => {
    const before = last.get(person) ?? Promise.resolve();
    const mine = before.then(work, work);
    last.set(person, mine);
    const forget = () => {
      if (last.get(person) === mine) last.delete(person);
    };
    mine.then(forget, forget);
    return mine;
  };
}
