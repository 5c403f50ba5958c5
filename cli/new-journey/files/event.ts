import type { NewJourney } from '../check-wish.ts';
import { camelCase } from '../names.ts';

/** The schema of a new event type. */
export function eventFile(type: string, { name, on }: NewJourney): string {
  const role = type === on ? `Starts \`${name}\`.` : `\`${name}\` hears it.`;
  return `import { z } from 'zod';

/** ${role} Fields of its payload that are not named here are dropped. */
export const ${camelCase(type)} = z.object({});
`;
}
