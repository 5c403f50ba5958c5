const yes = ['true', 't', 'yes', 'y', '1'];
const no = ['false', 'f', 'no', 'n', '0'];

/** Reads a truth value as exports write it; undefined when it is none. */
export function yesOrNo(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  return yes.includes(word) || (no.includes(word) ? false : undefined);
}
