import { execFileSync } from 'node:child_process';

import { fromPyPI } from './downloads.ts';

/** The parser's wheel is for this version of Python. */
export const canParseCompose = execFileSync('python3', ['--version'], { encoding: 'utf8' }).startsWith('Python 3.11.');

/** Says why a Compose file is not as the specification requires; empty when it is. Without a container engine. */
export function whyNotCompose(compose: object): string {
  const sha256 = '7a73aec2bb05f679228ac98b89673ccd2e9c7a62a2125feb74db549a960a44fe';
  const parser = fromPyPI('compose-spec', '0.2.1', sha256, /./);
  // It takes an image by tag or by digest, where Compose takes both.
  const input = JSON.stringify(compose).replaceAll(/:[\w.-]+@sha256:/g, '@sha256:');
  return execFileSync('python3', ['-c', program, parser], { input, encoding: 'utf8' });
}

const program = `
import sys
sys.path.insert(0, sys.argv[1])
from compose_spec import PyCompose
try:
    PyCompose.from_json(sys.stdin.read())
except Exception as error:
    print(error)
`;
