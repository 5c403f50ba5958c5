import { parse } from 'yaml';
import { z } from 'zod';

/** What stands above the first line of a template, between two lines of `---`. */
const frontMatter = z
  .strictObject({
    subject: z.string().min(1),
    preheader: z.string().optional(),
    class: z.enum(['marketing', 'transactional']),
    topic: z.string().optional(),
  })
  .refine((matter) => matter.class === 'transactional' || matter.topic !== undefined, {
    path: ['topic'],
    error: 'a marketing template names the topic that people consent to',
  });

export type FrontMatter = z.output<typeof frontMatter>;

/** Splits a template file into front matter and body. Throws an Error that says what is wrong with which key. */
export function splitFrontMatter(source: string): { matter: FrontMatter; body: string } {
  const found = /^---\r?\n(.*?)\r?\n---\r?\n/s.exec(source);
  if (!found)
    throw new Error('starts with no front matter: two lines of --- with subject, class and topic between them');
  const matter = frontMatter.safeParse(parse(found[1] ?? ''));
  if (!matter.success) {
    throw new Error(
      `front matter: ${matter.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
    );
  }
  return { matter: matter.data, body: source.slice(found[0].length) };
}
