import type { Document, LineCounter } from 'yaml';

/** "file:line:column" of the value at this path of the file, or of its nearest ancestor that stands there. */
export type Locate = (path: readonly PropertyKey[]) => string;

export interface Places {
  at: Locate;
  /** Characters before it in the file: what mistakes are sorted by. */
  offset: (path: readonly PropertyKey[]) => number;
}

export function placesIn(file: string, lines: LineCounter, document: Document): Places {
  const offset = (path: readonly PropertyKey[]) => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true);
      if (typeof node === 'object' && node !== null && 'range' in node) return (node.range as [number])[0];
    }
    return 0;
  };
  return { offset, at: (path) => placeAt(file, lines, offset(path)) };
}

export function placeAt(file: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}
