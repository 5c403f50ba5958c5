import { z } from 'zod';

import { publicId } from './public-text.ts';

/** What `onboarding` waits for. */
export const projectCreated = z
  .object({
    project_id: publicId.meta({ class: 'public', examples: ['p_1'] }),
    name: z
      .string()
      .max(200)
      .meta({ class: 'personal', examples: ['Spring catalogue'] })
      .optional(),
  })
  .describe('A person created a project.');
