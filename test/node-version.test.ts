import { expect, it } from 'vitest';

import { reportNodeVersion } from '../runtime/node-version.ts';

const reported = (version: string) => {
  const lines: unknown[][] = [];
  reportNodeVersion({ warn: (...line: unknown[]) => void lines.push(line) }, version);
  return lines;
};

it('reports a Node.js that is too old in the log, and silences the AWS SDK, which would write it to stderr', () => {
  const variable = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
  const before = process.env[variable];
  delete process.env[variable];
  try {
    expect([reported('v22.12.0'), reported('v24.21.0')]).toEqual([[], []]);
    expect(process.env[variable]).toBeUndefined();
    expect(reported('v20.20.2')).toEqual([[{ version: 'v20.20.2', oldest: 22 }, 'node.unsupported']]);
    expect(process.env[variable]).toBe('true');
  } finally {
    if (before === undefined) delete process.env[variable];
    else process.env[variable] = before;
  }
});
