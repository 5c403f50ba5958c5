// Assembles the contents of the production image in a folder: the compiled product and the packages that it loads.
//
//   node deploy/image/assemble.mjs --out <folder> [--arch amd64|arm64]
//
// After `npm run build`. The Dockerfile runs it, and so does test/e2e/image.test.ts, which needs no container runtime.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { licences } from './licences.mjs';
import { packagesFrom } from './packages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string' }, arch: { type: 'string', default: process.arch } } });
/** Docker calls it amd64, Node x64. */
const cores = {
  amd64: 'x86_64-unknown-linux-gnu',
  x64: 'x86_64-unknown-linux-gnu',
  arm64: 'aarch64-unknown-linux-gnu',
};
if (!values.out || !Object.hasOwn(cores, values.arch)) {
  process.stderr.write('Usage: node deploy/image/assemble.mjs --out <folder> [--arch amd64|arm64]\n');
  process.exit(2);
}
const out = values.out;

/**
 * Packages that @temporalio/worker loads at start but calls only to bundle journeys, which `npm run build` has done. Together they
 * would be a third of all packages. Each is replaced by a stub that throws when it is used.
 */
const bundlers = ['memfs', 'unionfs', 'webpack'];
/** Packages that are never loaded: the bundler's loaders, and the TypeScript loader for checkouts. */
const unused = ['@swc/core', 'swc-loader', 'source-map-loader', 'tsx'];

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const packages = packagesFrom(lock, [...bundlers, ...unused]).filter((path) => existsSync(join(root, path)));

// Production runs what npm would pack: `files` in package.json is the only list.
const packed = npm('pack', '--dry-run', '--json', '--ignore-scripts');
for (const { path } of packed[0].files) {
  if (/\.(js|json|sql|lua|yaml)$|^LICENSE$/.test(path) && path !== 'package.json')
    cpSync(join(root, path), join(out, path));
}
for (const path of packages) copyPackage(path);
for (const name of bundlers) replace(name);

const { name, version, description, license, type } = manifest;
const dependencies = Object.fromEntries(
  Object.entries(manifest.dependencies).filter(([dependency]) => !unused.includes(dependency)),
);
write('package.json', JSON.stringify({ name, version, private: true, description, license, type, dependencies }));
cpSync(join(root, 'deploy/image/healthcheck.mjs'), join(out, 'healthcheck.mjs'));
write('sbom.cdx.json', billOfMaterials());
write('THIRD_PARTY_LICENSES.md', licences(root, lock, packages));

/** Copies a package without those nested in it, native cores of other platforms, types, sources and documentation. Licences stay. */
function copyPackage(path) {
  const from = join(root, path);
  cpSync(from, join(out, path), {
    recursive: true,
    dereference: true,
    filter: (file) => {
      const inside = relative(from, file).split(sep);
      if (inside.includes('node_modules')) return false;
      if (inside[0] === 'releases' && inside[1] && inside[1] !== cores[values.arch]) return false;
      if (/^(sdk-core|src|scripts|bridge-macros|Cargo\.\w+)$/.test(inside[0]) && path.endsWith('/core-bridge'))
        return false;
      if (inside.some((part) => /^(test|tests|__tests__|\.github)$|\.test\.js$/.test(part))) return false;
      if (/^(licen[cs]e|notice|copying)/i.test(basename(file))) return true;
      return !/\.(d\.[cm]?ts|[cm]?ts|map|md|markdown|flow|tsbuildinfo|rs)$/i.test(file);
    },
  });
}

function replace(name) {
  const why = `${name} is not in the production image: journeys are bundled when the image is built.`;
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '0.0.0-absent', main: 'index.cjs' }));
  write(
    `node_modules/${name}/index.cjs`,
    `module.exports = new Proxy({}, { get(_, key) { if (key === '__esModule') return true; throw new Error(${JSON.stringify(why)}); } });\n`,
  );
}

/** CycloneDX, by npm itself, of the packages that are in the folder. */
function billOfMaterials() {
  const bom = npm('sbom', '--sbom-format=cyclonedx', '--package-lock-only');
  bom.metadata.component.name = manifest.name; // npm takes the name of the folder
  const here = new Set(packages.map((path) => `${nameOf(path)}@${lock.packages[path].version}`));
  bom.components = bom.components.filter(({ name, version }) => here.has(`${name}@${version}`));
  const refs = new Set([bom.metadata.component['bom-ref'], ...bom.components.map((one) => one['bom-ref'])]);
  bom.dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map((one) => ({ ...one, dependsOn: (one.dependsOn ?? []).filter((ref) => refs.has(ref)) }));
  return JSON.stringify(bom, undefined, 2);
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function npm(...args) {
  return JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }));
}

function write(file, text) {
  mkdirSync(join(out, file, '..'), { recursive: true });
  writeFileSync(join(out, file), text);
}
