import { expect, test } from 'vitest';
import { heldOf } from './held';

const limit = (route: string | null, requests: number | null) => ({
  route, requests, period: requests === null ? null : 'minute', without_redis: null, reason: null, updated_at: '2026-11-01T00:00:00Z',
});

test('what was set for a customer stands beside what holds for everybody', () => {
  const held = heldOf([limit('POST /api/v1/deals', null), limit(null, 12_000)], {
    customer: { requests: 6000, period: 'minute', without_redis: null },
    routes: [
      { route: 'GET /api/v1/contacts', requests: 10, period: 'hour', without_redis: 'closed' },
      { route: 'POST /api/v1/deals', requests: 5, period: 'hour', without_redis: null },
    ],
  });
  expect(held.map(({ route, own, general }) => [route, own ? own.requests : 'as for everybody', general?.requests])).toEqual([
    [null, 12_000, 6000],
    ['GET /api/v1/contacts', 'as for everybody', 10],
    ['POST /api/v1/deals', null, 5],
  ]);
});

test('without any there is the line over all routes, so that one sees that nothing holds', () => {
  expect(heldOf([], { customer: null, routes: [] })).toEqual([{ route: null, own: undefined, general: null }]);
});
