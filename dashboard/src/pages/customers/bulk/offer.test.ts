import { expect, test } from 'vitest';
import { fetchedBy, hasMore, selectAllLabel } from './offer';

const page = (...ids: string[]) => ids.map((id) => ({ id }));
const selected = (...ids: string[]) => new Map(ids.map((id) => [id, id]));

test('all that the filter finds is offered once all of the page is selected, and there is more', () => {
  expect(hasMore({ data: page('a', 'b'), total: 3 }, selected('a', 'b', 'of another filter'))).toBe(true);
  expect(hasMore({ data: page('a', 'b'), total: 3 }, selected('a'))).toBe(false);
  expect(hasMore({ data: page('a', 'b'), total: 2 }, selected('a', 'b'))).toBe(false);
  expect(hasMore({ data: [], total: 0 }, selected('a'))).toBe(false);
});

test('more than may be acted on at once are said to be more', () => {
  expect(selectAllLabel(734)).toBe('Select all 734 that the filter finds');
  expect(selectAllLabel(1000)).toBe('Select all 1,000 that the filter finds');
  expect(selectAllLabel(10_000)).toBe('Select the first 1,000 of the 10,000 that the filter finds');
});

test('all are fetched in an order in which none moves, the first ones in the one that is seen', () => {
  expect(fetchedBy('-requests_30d', 734)).toBe('created_at');
  expect(fetchedBy('-requests_30d', 1001)).toBe('-requests_30d');
});
