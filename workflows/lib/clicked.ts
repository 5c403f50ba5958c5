import type { Event } from '../../events/index.ts';
import type { TemplateName } from '../../templates/names.ts';
import { light } from './light.ts';
import { note } from './story.ts';

/**
 * Whether the person has clicked a link of a mail that this journey has sent. Machines that follow every link do not count.
 * There is no such question about opens: mail programs fetch pictures whether somebody looks or not.
 *
 *     if (!(await clicked('welcome', signup))) await sendEmail('first-project', signup);
 */
export async function clicked(template: TemplateName, event: Event, options: { key?: string } = {}): Promise<boolean> {
  const { event_id, user_id } = event;
  const yes = await light('wasClicked', `has ${user_id} clicked in ${template}?`, event_id, template, options.key);
  note(`clicked in ${template}: ${yes ? 'yes' : 'no'}`);
  return yes;
}
