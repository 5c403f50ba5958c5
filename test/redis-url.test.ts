import { describe, expect, it } from 'vitest';

import { parseRedisUrl } from '../config/redis-url.ts';

const nodes = (...ports: number[]) => ports.map((port) => ({ host: 'h', port }));

describe('REDIS_URL', () => {
  it.each([
    ['redis://h', { kind: 'server', tls: false, nodes: nodes(6379), db: 0 }],
    ['rediss://h:6380/2', { kind: 'server', tls: true, nodes: nodes(6380), db: 2 }],
    ['redis://u:p%40w@h', { kind: 'server', tls: false, user: 'u', password: 'p@w', nodes: nodes(6379), db: 0 }],
    ['redis://:p@h/', { kind: 'server', tls: false, password: 'p', nodes: nodes(6379), db: 0 }],
    ['redis://:p,w@h', { kind: 'server', tls: false, password: 'p,w', nodes: nodes(6379), db: 0 }],
    ['redis://u@h', { kind: 'server', tls: false, user: 'u', nodes: nodes(6379), db: 0 }],
    ['redis://[::1]:7000', { kind: 'server', tls: false, nodes: [{ host: '::1', port: 7000 }], db: 0 }],
    ['redis+sentinel://h,h:1/m', { kind: 'sentinel', tls: false, nodes: nodes(26379, 1), name: 'm', db: 0 }],
    [
      'rediss+sentinel://u:p@h/m/3',
      { kind: 'sentinel', tls: true, user: 'u', password: 'p', nodes: nodes(26379), name: 'm', db: 3 },
    ],
    ['redis+cluster://h:1,h:2,h', { kind: 'cluster', tls: false, nodes: nodes(1, 2, 6379), db: 0 }],
    ['rediss+cluster://:p@h:1', { kind: 'cluster', tls: true, password: 'p', nodes: nodes(1), db: 0 }],
  ])('%s', (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  it.each([
    ['http://h', /^must be redis:/],
    ['redis:/h', /^must be redis:/],
    ['redis://', /^must be redis:/],
    ['redis://h:port', /^must be redis:/],
    ['redis://h:99999', /^must be redis:/],
    ['redis://h?family=6', /^must be redis:/],
    ['redis+ring://h', /^must be redis:/],
    ['redis://h,i', /^has several servers: use redis\+sentinel:/],
    ['redis+sentinel://h,i', /^has no name of the primary/],
    ['redis+cluster://h/1', /^must not name a database/],
    ['redis://h/one', /^must end with the number of a database/],
    ['redis://:100%@h', /^has a % in its user or password that is not percent-encoded/],
  ])('%s is refused', (url, message) => {
    expect(() => parseRedisUrl(url)).toThrow(message);
  });
});
