import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { allowed } from '../../deploy/image/licences.mjs';
import { createDatabase, dropDatabase } from '../support/database.ts';
import { orderCompleted, person } from '../support/events.ts';
import { hasDownloads } from '../support/downloads.ts';
import { nodeBinary, nodeOfImage, nodeVersions } from '../support/node-binary.ts';
import { secret } from '../support/secrets.ts';
import { runInImage, startSystem, type System } from '../support/system.ts';

// What the Dockerfile copies into the image, assembled and run without a container.

const root = fileURLToPath(new URL('../..', import.meta.url));
const versions = Object.keys(nodeVersions) as (keyof typeof nodeVersions)[];
let folder: string;

/** Built already in CI, whose build comes before its tests. */
function build(): void {
  if (process.env['CI'] && existsSync(join(root, 'dist/templates/built.json'))) return;
  execFileSync(process.execPath, ['--import', 'tsx', 'worker/build-bundle.ts'], { cwd: root });
}

function assemble(): string {
  const out = mkdtempSync(join(tmpdir(), 'rivulet-image-'));
  execFileSync(process.execPath, [join(root, 'deploy/image/assemble.mjs'), '--out', out, '--arch', 'amd64']);
  return out;
}

beforeAll(() => {
  build();
  folder = assemble();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const filesIn = (where: string) =>
  readdirSync(where, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(where.length + 1));
const bytesIn = (where: string) => filesIn(where).reduce((sum, file) => sum + statSync(join(where, file)).size, 0);

describe('the image', () => {
  it('contains no tests, benchmarks, stand-in, types, sources or packages of the build', () => {
    const files = filesIn(folder);
    const ours = files.filter((file) => file.startsWith('dist/')).map((file) => file.split('/')[1]);
    expect([...new Set(ours)].toSorted()).toEqual(
      ['activities', 'cli', 'client', 'config', 'events', 'ingress', 'runtime', 'store', 'templates', 'worker'].concat(
        'workflows',
      ),
    );
    expect(files.filter((file) => /\.(test\.js|ts|map|tsbuildinfo|mjml)$/.test(file))).toEqual([]);
    const packages = ['@swc', 'esbuild', 'mjml', 'tsx', 'typescript', 'vitest'];
    expect(packages.filter((name) => existsSync(join(folder, 'node_modules', name)))).toEqual([]);
  });

  it('contains of the product what npm packs, which is what runs and no more', () => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    expect(paths.filter((path) => /(^|\/)(test|bench|local|preview|simulation)\//.test(path))).toEqual([]);
    const compiled = paths.filter((path) => /^dist\/.*\.(js|json|sql|lua)$/.test(path));
    expect(
      filesIn(folder)
        .filter((file) => file.startsWith('dist/'))
        .toSorted(),
    ).toEqual(compiled.toSorted());
  });

  it('contains every module that its own modules import', () => {
    const missing = filesIn(join(folder, 'dist'))
      .filter((file) => file.endsWith('.js') && !file.endsWith('workflow-bundle.js'))
      .flatMap((file) =>
        importsOf(join(folder, 'dist', file)).filter((name) => !isThere(join(folder, 'dist', file), name)),
      );
    // Loaded only where sources are checked or templates compiled, which the image does not do.
    expect([...new Set(missing)].toSorted()).toEqual([
      '../local/run-file.js',
      './demo.js',
      './impact.js',
      './new-journey/command.js',
      './simulate.js',
      './start.js',
      'caniemail',
    ]);
  });

  it('is smaller than 250 MB with its Node.js and its base', () => {
    const own = { dist: bytesIn(join(folder, 'dist')), packages: bytesIn(join(folder, 'node_modules')) };
    expect(own.dist).toBeLessThan(6e6);
    expect(own.packages).toBeLessThan(85e6);
    // Node.js 24 has 127 MB, the base 30 MB: docs/deploying.md.
    expect(bytesIn(folder) + 127e6 + 30e6).toBeLessThan(250e6);
  });

  it('contains one native core, and the packages have one for arm64', () => {
    const native = filesIn(join(folder, 'node_modules')).filter((file) => /\.(node|so|dylib|dll|exe)$/.test(file));
    expect(native).toEqual(['@temporalio/core-bridge/releases/x86_64-unknown-linux-gnu/index.node']);
    const arm64 = 'node_modules/@temporalio/core-bridge/releases/aarch64-unknown-linux-gnu/index.node';
    expect(existsSync(join(root, arm64))).toBe(true);
    expect(readFileSync(join(root, 'Dockerfile'), 'utf8')).toContain('--arch ${TARGETARCH}');
  });

  it('lists its packages in a CycloneDX SBOM, and their licences with the texts', () => {
    const sbom = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as {
      bomFormat: string;
      components: { name: string; version: string; hashes?: unknown[]; purl: string }[];
    };
    expect(sbom.bomFormat).toBe('CycloneDX');
    const listed = new Set(sbom.components.map(({ name, version }) => `${name}@${version}`));
    const installed = filesIn(join(folder, 'node_modules'))
      .filter((file) => /(^|node_modules\/)(@[^/]+\/)?[^/]+\/package\.json$/.test(file))
      .map((file) => JSON.parse(readFileSync(join(folder, 'node_modules', file), 'utf8')) as Record<string, string>)
      .map(({ name, version }) => `${name}@${version}`);
    expect(installed.length).toBeGreaterThan(150);
    expect([...new Set(installed)].filter((one) => !listed.has(one) && !one.endsWith('-absent'))).toEqual([]);

    const licences = readFileSync(join(folder, 'THIRD_PARTY_LICENSES.md'), 'utf8');
    for (const one of listed) expect(licences).toContain(`## ${one.replace(/@([^@]+)$/, ' $1')}\n`);
    expect(allowed.filter((licence) => /GPL|SSPL|BUSL/.test(licence))).toEqual([]);
  });

  it('has the Node.js that its test runs', () => {
    expect(nodeOfImage()).toBe(versions[0]);
  });
});

/** The first is that of the image; the other gets a smoke test. */
const [current] = versions;

describe.runIf(hasDownloads).each(versions)('the image under Node.js %s', (version) => {
  let system: System;
  const itInImage = it.runIf(version === current);
  const run = (command: string, env: NodeJS.ProcessEnv = {}) =>
    runInImage({ folder, node: nodeBinary(version) }, command, env);

  /** As HEALTHCHECK of the image asks. */
  const isHealthy = (port: string) =>
    spawnSync(nodeBinary(version), ['healthcheck.mjs'], { cwd: folder, env: { HEALTH_PORT: port } }).status === 0;

  beforeAll(async () => {
    system = await startSystem(inject('servers'), { image: { folder, node: nodeBinary(version) } });
  });
  afterAll(() => system.stop());

  it('migrates an empty database', async () => {
    const empty = await createDatabase(inject('servers').postgres, 'template0');
    const env = { POSTGRES_URL: empty, RIVULET_SECRET: secret };
    expect(await run('migrate', env)).toEqual({ code: 0, out: 'The schema is up to date.\n', err: '' });
    expect((await run('migrate', env)).code).toBe(0);
    await dropDatabase(empty);
  });

  itInImage('lints, publishes and rolls back the templates that it was built with', async () => {
    expect(await system.rivulet('templates lint')).toMatchObject({ code: 0, err: '' });
    const live = async () => (await system.store.templates.live()).get('receipt');
    const built = (await live()) ?? '';
    const published = await system.store.templates.load('receipt', built);
    const edited = { ...published!, version: 'edited000000' };
    expect(await system.store.templates.publish(edited, { author: 'grace', message: 'by hand' })).toBe('live');

    const again = await system.rivulet('templates publish receipt --author grace --message release');
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(await live()).toBe(built);
    expect((await system.rivulet('templates rollback receipt --author grace')).code).toBe(0);
    expect(await live()).toBe('edited000000');
    expect((await system.rivulet('templates publish --again --author grace')).code).toBe(0);
    expect(await live()).toBe(built);
  });

  itInImage('refuses to publish a template whose topic the mounted rivulet.yaml does not have', async () => {
    const refused = await run('templates lint', { RIVULET_CONFIG: join(root, 'test/support/no-topics.yaml') });
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('topic "onboarding" is not among the topics of rivulet.yaml');
  });

  it('turns an event into an email, with nothing on stderr', async () => {
    const [ingress, worker] = await Promise.all([
      system.startIngress({ NODE_NO_WARNINGS: '' }),
      system.startWorker({ NODE_NO_WARNINGS: '' }),
    ]);
    const ada = person('ada');
    await system.publish(orderCompleted(ada));
    await expect.poll(() => system.ses.mailbox.list({ to: ada.email }).length, { timeout: 20_000 }).toBe(1);
    for (const { output } of [ingress, worker]) expect(output()).not.toMatch(/Warning|deprecat/i);
    for (const { url } of [ingress, worker]) expect(isHealthy(new URL(url).port)).toBe(true);
    expect(isHealthy('1')).toBe(false);
    const doctor = await system.rivulet('doctor');
    expect(doctor.out).toMatch(/templates +what is live is what the files say/);
    await system.stopProcesses();
  });

  itInImage('says that the commands of a checkout are not in it', async () => {
    for (const command of ['start', 'demo', 'new journey x', 'simulate onboarding', 'impact']) {
      const { code, err } = await run(command);
      expect(code, command).toBe(2);
      expect(err).toMatch(/^rivulet \w+ is not in the production image\./);
    }
  });
});

function importsOf(file: string): string[] {
  const code = readFileSync(file, 'utf8');
  const found = code.matchAll(/^(?:import|export)\b[^'"\n]*?from ['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm);
  return [...found].map(([, one, other]) => one ?? other ?? '');
}

function isThere(from: string, name: string): boolean {
  if (name.startsWith('.')) return existsSync(join(dirname(from), name));
  const bare = name.replace(/^node:/, '');
  if (builtinModules.includes(bare)) return true;
  const [scope = '', rest] = name.split('/');
  return existsSync(join(folder, 'node_modules', scope.startsWith('@') ? `${scope}/${rest}` : scope));
}
