import { describe, expect, it, vi } from 'vitest';

import { cohort } from '../workflows/lib/cohort.ts';

// Outside a workflow there is no story to tell.
vi.mock('../workflows/lib/story.ts', () => ({ note: () => {} }));

describe('a group of a test', () => {
  const people = Array.from({ length: 20_000 }, (_, index) => ({ id: `user_${index}` }));
  const count = <T>(all: T[], wanted: T) => all.filter((each) => each === wanted).length;

  it('is the same for ever: these were drawn when this was written', () => {
    const drawn = ['ada', 'grace', 'hopper', 'lamarr', 'u_1', 'u_42'].map((id) =>
      cohort({ id }, 'win-back', { a: 50, b: 50 }),
    );
    expect(drawn.join('')).toBe('bbabab');
  });

  it('has its share of people, whatever the shares sum up to', () => {
    for (const shares of [
      { a: 50, b: 50 },
      { a: 1, b: 3 },
      { a: 90, b: 10 },
      { a: 0, b: 1 },
    ]) {
      const groups = people.map((each) => cohort(each, 'test', shares));
      const wanted = (shares.a / (shares.a + shares.b)) * people.length;
      expect(Math.abs(count(groups, 'a') - wanted)).toBeLessThan(people.length * 0.015);
    }
  });

  it('says nothing about the group of another test', () => {
    const first = people.map((each) => cohort(each, 'first', { a: 50, b: 50 }));
    const second = people.map((each) => cohort(each, 'second', { a: 50, b: 50 }));
    const both = first.filter((group, index) => group === 'a' && second[index] === 'a').length;
    expect(Math.abs(both - people.length / 4)).toBeLessThan(people.length * 0.015);
  });

  it.each([{ a: 0, b: 0 }, { a: -1, b: 2 }, { a: Number.NaN, b: 1 }, {}])('of shares like %o is refused', (shares) => {
    expect(() => cohort({ id: 'ada' }, 'test', shares as Record<string, number>)).toThrow('the shares of "test"');
  });
});
