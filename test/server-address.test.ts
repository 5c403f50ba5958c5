import { describe, expect, it } from 'vitest';

import { serverAddress } from '../runtime/server-address.ts';

describe('the address of a server, as it is shown,', () => {
  const unsure = 'the address in X_URL';

  it.each([
    ['redis://cache.example.com:6380/0', 'cache.example.com:6380'],
    ['redis://:pw-1@cache.example.com:6380', 'cache.example.com:6380'],
    ['redis://u:pw-1@cache.example.com', 'cache.example.com'],
    ['redis://:pw,1@cache.example.com', unsure],
    ['redis://cache.example.com/0?password=pw-1', 'cache.example.com'],
    ['redis://cache.example.com/0?password=pw-1@x', unsure],
    ['redis://u:pw@1@cache.example.com', 'cache.example.com'],
    ['redis://u:1234/pw@cache.example.com', unsure],
    ['redis://u:pw/1@cache.example.com', unsure],
    ['redis://u:pw#1@cache.example.com', unsure],
    ['nats://a.example.com:4222,nats://b.example.com:4222', 'a.example.com:4222, b.example.com:4222'],
    ['a.example.com:4222, b.example.com', 'a.example.com:4222, b.example.com'],
    ['nats://u:pw-1@a.example.com,nats://u:pw-1@b.example.com', unsure],
    ['nats://u:12,34@a.example.com', unsure],
    ['nats://user:pw/1@a.example.com', unsure],
    ['pw-1-token@a.example.com:4222', 'a.example.com:4222'],
    ['u:pw-1@a.example.com', 'a.example.com'],
    ['u:pw@1@temporal.example.com:7233', 'temporal.example.com:7233'],
    ['temporal.example.com:7233', 'temporal.example.com:7233'],
    ['127.0.0.1:7233', '127.0.0.1:7233'],
    ['postgres://u:pw-1@db.example.com:5433/rivulet?sslmode=require', 'db.example.com:5433'],
    ['postgres://u:p%40w-1@[::1]:5432/rivulet', '[::1]:5432'],
    ['postgres:///rivulet?host=/var/run&password=pw-1', unsure],
    ['pw-1 is the password', unsure],
    ['', unsure],
  ])('%s', (given, shown) => {
    expect(serverAddress(given, 'X_URL')).toBe(shown);
    expect(serverAddress(given, 'X_URL')).not.toMatch(/pw|1234/);
  });
});
