import { openSources } from './source-types.ts';

// A process of its own: the compiler thinks for half a second at a time, and what it knows should go when live reloading ends.

const mistakes = openSources(process.argv[2] ?? '');
mistakes(); // so that the first save need not wait for the first look
process.on('message', () => process.send?.(answer()));
process.on('disconnect', () => process.exit());

function answer(): string[] | { error: string } {
  try {
    return mistakes();
  } catch (error) {
    return { error: String(error) };
  }
}
