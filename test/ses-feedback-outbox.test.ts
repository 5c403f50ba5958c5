import { describe, expect, test, vi } from 'vitest';
import { FeedbackOutbox } from '../local/ses/feedback-outbox.ts';

describe('the outbox', () => {
  test('publishes in order, retries what failed, and loses nothing', async () => {
    const published: string[] = [];
    const onTrouble = vi.fn();
    let away = true;
    const outbox = new FeedbackOutbox({
      capacity: 100,
      onTrouble,
      publish: async ({ id }) => {
        if (away) throw new Error('away');
        published.push(id);
      },
    });
    for (const id of ['1', '2', '3']) outbox.post({ id, subject: 's', payload: '' });
    await vi.waitFor(() => expect(onTrouble).toHaveBeenCalled());
    away = false;
    await vi.waitFor(() => expect(outbox.waiting).toBe(0));
    expect(published).toEqual(['1', '2', '3']);
    expect(await outbox.close()).toBe(0);
  });

  test('drops the oldest beyond its capacity and says how many', async () => {
    const outbox = new FeedbackOutbox({ capacity: 2, publish: () => Promise.reject(new Error('away')) });
    for (const id of ['1', '2', '3', '4']) outbox.post({ id, subject: 's', payload: '' });
    expect([outbox.waiting, outbox.dropped]).toEqual([2, 2]);
    expect(await outbox.close()).toBe(2);
  });

  test('gives up after its grace, and says what was left', async () => {
    const outbox = new FeedbackOutbox({ capacity: 2, publish: () => Promise.reject(new Error('away')) });
    outbox.post({ id: '1', subject: 's', payload: '' });
    const started = Date.now();
    expect(await outbox.close(50)).toBe(1);
    expect(Date.now() - started).toBeLessThan(2000);
  });
});
