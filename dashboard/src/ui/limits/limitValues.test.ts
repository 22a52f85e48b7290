import { expect, test } from 'vitest';
import { broughtUp } from '../meanwhile';
import { bodyOf, type LimitValues, TOGETHER, valuesOf } from './limitValues';

const limit = { route: 'POST /api/v1/deals', requests: 60, period: 'minute', without_redis: 'local', reason: 'ticket 7', updated_at: '2026-11-29T03:12:45Z' };

/** What is sent when somebody else makes this of the limit while the form is open. */
function sent(written: Partial<LimitValues>, change: Partial<typeof limit> | { requests: null; period: null }) {
  const before = valuesOf('acme', limit);
  const { values, changed } = broughtUp({ ...before, ...written }, before, valuesOf('acme', { ...limit, ...change }), TOGETHER);
  return { body: bodyOf(values), changed };
}

test('a limit is sent as it is where nothing was written', () => {
  const { updated_at: _, ...as } = limit;
  expect(bodyOf(valuesOf('acme', limit))).toEqual(as);
  expect(bodyOf(valuesOf('acme', { ...limit, requests: null, period: null }))).toEqual({ route: limit.route, without_redis: 'local', reason: 'ticket 7' });
});

test('a reason is saved without taking back the limit that somebody else set meanwhile', () => {
  expect(sent({ reason: 'ticket 8' }, { requests: 5, period: 'hour' })).toMatchObject({ body: { requests: 5, period: 'hour', reason: 'ticket 8' }, changed: ['requests', 'period'] });
  expect(sent({ reason: 'ticket 8' }, { requests: null, period: null }).body).not.toHaveProperty('requests');
});

test('what was written of a limit is one thing', () => {
  const { body, changed } = sent({ requests: 90 }, { requests: 5, period: 'hour', reason: 'ticket 9' });
  expect(body).toMatchObject({ requests: 90, period: 'minute', reason: 'ticket 9' });
  expect(changed).toEqual(['requests', 'period', 'reason']);
});
