import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { loadScript } from '../../store/redis/scripts.ts';

const folder = new URL('../../store/redis/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.lua'));
const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');
const scripts = files.filter((file) => read(file).startsWith('--[['));

const namedIn = (text: string, what: 'KEYS' | 'ARGV') =>
  [...text.matchAll(new RegExp(`${what}\\[(\\d+)\\]`, 'g'))].map(([, index]) => Number(index));

describe.each(scripts)('%s', (file) => {
  const { lua, numberOfKeys } = loadScript(file);
  const [header = ''] = /^--\[\[.*?\]\]/s.exec(lua) ?? [];
  const body = lua.slice(header.length);

  it('has a header that names its keys and arguments in order, and uses no others', () => {
    for (const what of ['KEYS', 'ARGV'] as const) {
      const named = [...header.matchAll(new RegExp(`^ +${what}\\[(\\d+)\\] {2}\\S`, 'gm'))].map(([, n]) => Number(n));
      expect(named).toEqual(named.map((_, index) => index + 1));
      for (const used of namedIn(body, what)) expect(named).toContain(used);
      if (what === 'KEYS') expect(numberOfKeys).toBe(named.length);
    }
    expect(numberOfKeys).toBeGreaterThan(0);
  });

  it('includes each file once, where it is first needed', () => {
    expect(lua).not.toContain('@include');
    expect(lua.match(/redis\.call\('TIME'\)/g)?.length ?? 0).toBe(/@include/.test(read(file)) ? 1 : 0);
  });
});

it('every file of the folder is a script or part of one', () => {
  const included = scripts.flatMap((file) => [...read(file).matchAll(/@include "([^"]+)"/g)].map(([, name]) => name));
  expect(files.filter((file) => !scripts.includes(file) && !included.includes(file))).toEqual([]);
});
