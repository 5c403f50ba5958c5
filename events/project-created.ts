import { z } from 'zod';

import { publicId } from './public-text.ts';

/** A person made a project: what `onboarding` waits for. */
export const projectCreated = z.object({
  project_id: publicId.meta({ class: 'public' }),
  name: z.string().max(200).meta({ class: 'personal' }).optional(),
});
