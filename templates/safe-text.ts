/* oxlint-disable no-control-regex -- control characters are exactly what is taken out here */

/** Overrides and isolates: they make text read backwards, or make `gpj.exe` look like `exe.jpg`. Right-to-left names need none. */
const bidiControls = /[\u202a-\u202e\u2066-\u2069]/g;
/** Seen by nobody: used to hide words from filters. Joiners stay, emoji and Persian need them. */
const invisible = /[\u00ad\u180e\u200b\u2060-\u2064\ufeff\ufffe\uffff\u{e0000}-\u{e007f}]/gu;
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** Text from outside as it may stand in a mail: no control characters but line breaks and tabs, no tricks with direction. */
export function safeText(text: string): string {
  return text.replaceAll(controls, '').replaceAll(bidiControls, '').replaceAll(invisible, '');
}

/** A header value: no line breaks or other control characters. */
export function oneLine(text: string): string {
  return safeText(text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')).trim();
}
