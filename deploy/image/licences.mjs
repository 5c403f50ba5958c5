// The licences of the packages in the image, with their texts.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every part of an SPDX expression must be one of these: permissive, and compatible with any product licence. */
export const allowed = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
  'Unicode-3.0',
];

/** Packages that state their licence only in its text. */
const readInText = { 'rails-timezone': 'MIT' };

/** Returns a page with the licences of these packages. Throws if a licence is missing or not allowed. */
export function licences(root, { packages: locked }, packages) {
  const rows = packages.map((path) => ({ path, ...licenceOf(root, locked, path) }));
  const refused = rows.filter(({ licence }) => !isAllowed(licence));
  if (refused.length > 0) {
    const list = refused.map(({ path, licence }) => `${path}: ${licence ?? 'states none'}`).join('\n  ');
    throw new Error(`Licences that deploy/image/licences.mjs does not allow:\n  ${list}`);
  }
  const sections = rows.map(({ name, version, licence, text }) => `## ${name} ${version}\n\n${licence}\n\n${text}`);
  return `# Licences of the packages in this image\n\n${sections.join('\n\n')}\n`;
}

function licenceOf(root, locked, path) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
  const files = readdirSync(join(root, path)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const text = files.map((file) => readFileSync(join(root, path, file), 'utf8').trim()).join('\n\n');
  return { name, version, licence: license?.type ?? license ?? locked[path].license ?? readInText[name], text };
}

/** `(MIT OR GPL-2.0)` is allowed, `MIT AND GPL-2.0` is not. */
function isAllowed(expression) {
  if (!expression) return false;
  const any = expression.replace(/^\(|\)$/g, '').split(' OR ');
  return any.some((one) => one.split(' AND ').every((part) => allowed.includes(part)));
}
