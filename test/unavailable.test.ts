import { NamespaceNotFoundError, ServiceError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';

import { unavailableCode } from '../runtime/unavailable.ts';

const coded = (code: string | number) => Object.assign(new Error('no'), { code });
const named = (name: string, message = 'no') => Object.assign(new Error(message), { name });

describe('an error that says that a server is unavailable', () => {
  it.each([
    [coded('ECONNREFUSED'), 'ECONNREFUSED'],
    [coded('57P01'), '57P01'],
    [coded('53300'), '53300'],
    [coded('25006'), '25006'],
    [new Error('Query read timeout'), 'NO_ANSWER'],
    [new Error('Connection is closed.'), 'NO_ANSWER'],
    [new Error("READONLY You can't write against a read only replica."), 'READONLY'],
    [new Error("OOM command not allowed when used memory > 'maxmemory'."), 'OOM'],
    [named('TimeoutError'), 'TimeoutError'],
    [new Error('the publish failed', { cause: named('NoResponders') }), 'NoResponders'],
    [coded(10_077), 'JETSTREAM_10077'],
    [new ServiceError('start failed', { cause: coded(14) }), 'UNAVAILABLE'],
    [new ServiceError('start failed', { cause: coded(4) }), 'DEADLINE_EXCEEDED'],
    [new ServiceError('start failed', { cause: coded(16) }), 'UNAUTHENTICATED'],
    [new NamespaceNotFoundError('rivulet'), 'NAMESPACE_NOT_FOUND'],
  ])('%s: %s', (error, code) => {
    expect(unavailableCode(error)).toBe(code);
  });
});

describe('every other error is about what was asked', () => {
  it.each([
    new Error('something that nobody foresaw'),
    new TypeError("Cannot read properties of undefined (reading 'x')"),
    named('InvalidArgumentError', 'illegal header name'),
    coded('23505'),
    coded('22021'),
    new ServiceError('signal refused', { cause: coded(3) }),
    new Error('WRONGTYPE Operation against a key holding the wrong kind of value'),
    'a string',
    undefined,
  ])('%s', (error) => {
    expect(unavailableCode(error)).toBeUndefined();
  });

  it('a chain of causes that leads back to itself ends', () => {
    const error = new Error('round and round');
    error.cause = error;
    expect(unavailableCode(error)).toBeUndefined();
  });
});
