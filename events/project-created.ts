import { z } from 'zod';

/** A person made a project: what `onboarding` waits for. */
export const projectCreated = z.object({
  project_id: z.string().min(1).max(128).meta({ class: 'public' }),
  name: z.string().max(200).meta({ class: 'personal' }).optional(),
});
