import { expect, test } from 'vitest';
import { unseen } from './limit';

const deals = { route: 'GET /api/v1/deals', updated_at: '2026-11-29T03:00:00Z' };
const all = { route: null, updated_at: '2026-11-29T04:00:00Z' };

test('a limit that nobody has seen isn’t replaced', () => {
  expect(unseen([deals, all], deals.route, undefined)).toBe(deals);
  expect(unseen([deals, all], null, undefined)).toBe(all);
  // Somebody else changed it meanwhile; or another route was written than the one that was looked at.
  expect(unseen([deals, all], deals.route, '2026-11-28T00:00:00Z')).toBe(deals);
  expect(unseen([deals, all], null, deals.updated_at)).toBe(all);
});

test('what was seen is replaced, and what isn’t there is set', () => {
  expect(unseen([deals, all], deals.route, deals.updated_at)).toBeNull();
  expect(unseen([deals], null, undefined)).toBeNull();
  expect(unseen([], deals.route, deals.updated_at)).toBeNull();
});
