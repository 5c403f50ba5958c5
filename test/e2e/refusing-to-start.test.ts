import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { startSystem, type System } from '../support/system.ts';

let system: System;
let folder: string;

beforeAll(async () => {
  system = await startSystem(inject('servers'));
  folder = mkdtempSync(join(tmpdir(), 'rivulet-start-'));
});
afterAll(async () => {
  await system.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('a worker takes no work while a template that a journey sends is neither published nor there', async () => {
  cpSync(fileURLToPath(new URL('../../templates', import.meta.url)), join(folder, 'templates'), { recursive: true });
  rmSync(join(folder, 'templates/first-project'), { recursive: true });
  const config = join(folder, 'rivulet.yaml');
  writeFileSync(config, 'templates:\n  base_dir: templates\nsuppression:\n  key_prefix: "refusing-to-start:"\n');
  const starting = system.startWorker({ RIVULET_CONFIG: config });
  await expect(starting).rejects.toThrow(/ended with 1.*first-project.*mail\.mjml does not exist/s);
});

it('an ingress refuses events that would outlive the runs which recognise them', async () => {
  const config = join(folder, 'old.yaml');
  writeFileSync(config, 'queues:\n  marketing_events:\n    max_age: "31d"\n');
  const starting = system.startIngress({ RIVULET_CONFIG: config });
  await expect(starting).rejects.toThrow(
    /ended with 1.*max_age \(744 h\) must be shorter than the retention.*\(720 h\)/s,
  );
});

it('every mistake of the configuration is told at once', async () => {
  const config = join(folder, 'wrong.yaml');
  writeFileSync(config, 'provider:\n  rate_limt: 14\n  settle_after: soon\n');
  const starting = system.startWorker({ RIVULET_CONFIG: config, RIVULET_SECRET: 'short' });
  await expect(starting).rejects.toThrow(
    /RIVULET_SECRET: must be 64.*wrong\.yaml:2:\d+ provider\.rate_limt.*wrong\.yaml:3:\d+ provider\.settle_after/s,
  );
});
