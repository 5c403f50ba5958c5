import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { WrongUse } from '../wrong-use.ts';
import type { NewJourney } from './check-wish.ts';
import { eventFile } from './files/event.ts';
import { journeyFile } from './files/journey.ts';
import { mailFile } from './files/template.ts';
import { testFile } from './files/test.ts';
import { nameEvent, nameJourney, nameNeeds, nameRoute, nameTemplate } from './insert.ts';
import { camelCase, kebabCase } from './names.ts';

/** A file as it is to be. `before` is what stands there now; a new file has none. */
export interface Change {
  file: string;
  before?: string;
  after: string;
}

/** Everything that a new journey is made of. Throws where a file is not as it must be; nothing has been written then. */
export function planJourney(root: string, journey: NewJourney): Change[] {
  const { name, newTypes } = journey;
  const edit = (file: string, insert: (text: string) => string): Change => {
    const before = read(root, file);
    return { file, before, after: insert(before) };
  };
  return [
    ...newTypes.map((type) => ({ file: `events/${kebabCase(type)}.ts`, after: eventFile(type, journey) })),
    ...(newTypes.length > 0
      ? [edit('events/index.ts', (text) => newTypes.reduce((all, type) => nameEvent(all, type), text))]
      : []),
    { file: `workflows/journeys/${name}.ts`, after: journeyFile(journey) },
    edit('workflows/index.ts', (text) => nameJourney(text, name, camelCase(name))),
    edit('ingress/routes.ts', (text) => nameRoute(text, journey)),
    { file: `templates/${name}/mail.mjml`, after: mailFile(journey) },
    edit('templates/names.ts', (text) => nameTemplate(text, name)),
    edit('templates/variables.ts', (text) => nameNeeds(text, name)),
    { file: `test/journeys/${name}.test.ts`, after: testFile(journey) },
  ];
}

function read(root: string, file: string): string {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch {
    throw new WrongUse(
      `There is no ${file}: a journey is laid down in a checkout of the sources. Nothing was written.`,
    );
  }
}
