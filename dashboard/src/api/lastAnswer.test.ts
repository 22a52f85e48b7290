import { expect, test } from 'vitest';
import { type LastAnswer, lastAnswer } from './lastAnswer';

/** The hour that ends at this minute. */
const hour = (minute: number, more: object = {}) => ({
  'created_at[gte]': new Date(minute * 60_000 - 3_600_000).toISOString(),
  'created_at[lt]': new Date(minute * 60_000).toISOString(),
  ...more,
});
const away = new Error('away');
const answered = { data: 'figures', error: null, dataUpdatedAt: 7, isPlaceholderData: false };
const underWay = { data: 'figures' as string | undefined, error: null, dataUpdatedAt: 0, isPlaceholderData: true };
const failed = { data: undefined, error: away, dataUpdatedAt: 0, isPlaceholderData: false };

test('what can’t be asked for the next steps of a span stays as it was, and is as old as it is', () => {
  let last: LastAnswer<string> | null = lastAnswer<string>(null, hour(0), answered);
  last = lastAnswer<string>(last, hour(1), underWay);
  expect(last).toMatchObject({ data: 'figures', dataUpdatedAt: 7, error: null });
  // Longer than the span itself.
  for (let minute = 1; minute < 100; minute += 1) {
    last = lastAnswer<string>(last, hour(minute), failed);
    expect(last).toMatchObject({ data: 'figures', dataUpdatedAt: 7, error: away });
    // Nothing is known to be well again while the next step is under way.
    for (const query of [underWay, { ...underWay, data: undefined, isPlaceholderData: false }]) {
      expect(lastAnswer<string>(last, hour(minute + 1), query)).toMatchObject({ data: 'figures', dataUpdatedAt: 7, error: away });
    }
  }
  expect(lastAnswer(last, hour(100), { ...answered, data: 'of now', dataUpdatedAt: 9 })).toMatchObject({ data: 'of now', dataUpdatedAt: 9, error: null });
});

test('another question has none of its answers', () => {
  const last = lastAnswer<string>(null, hour(0, { group_by: 'route' }), answered);
  expect(lastAnswer<string>(last, hour(1, { group_by: 'module' }), failed)).toBeNull();
  expect(lastAnswer<string>(last, hour(1, { group_by: 'module' }), failed, ['group_by'])).toMatchObject({ data: 'figures' });
  expect(lastAnswer<string>(last, hour(1, { group_by: 'route', customer: 'acme' }), underWay)).toBeNull();
  expect(lastAnswer<string>(null, hour(1), failed)).toBeNull();
});
