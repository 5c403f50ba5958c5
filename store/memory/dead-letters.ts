import type { DeadLetters } from '../dead-letters.ts';

export function createDeadLetters(): DeadLetters {
  const written = new Set<string>();
  return {
    isWritten: async (id) => written.has(id),
    markWritten: async (id) => void written.add(id),
  };
}
