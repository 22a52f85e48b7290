import { expect, test } from 'vitest';
import { answerBefore } from './answerBefore';

const span = (from: string, until: string) => ({ 'created_at[gte]': `2026-11-${from}:00.000Z`, 'created_at[lt]': `2026-11-${until}:00.000Z` });
const day = { ...span('28T04:00', '29T04:00'), customer: 'acme', group_by: 'route' };

/** Whether the answer to the one question is shown while the other one is under way. */
const isShown = (before: object, now: Record<string, unknown>, but?: string[]) =>
  answerBefore(now, but)('answer', { queryKey: ['get', '/api/admin/usage/series', { params: { query: before } }] }) === 'answer';

test('a span that moves on keeps what is shown', () => {
  expect(isShown(day, day)).toBe(true);
  expect(isShown(day, { ...day, ...span('28T04:05', '29T04:05') })).toBe(true);
  expect(isShown({ customer: 'acme' }, { customer: 'acme', group_by: undefined })).toBe(true);
});

test('another span, filter or grouping begins with nothing', () => {
  expect(isShown(day, { ...day, ...span('22T04:00', '29T04:00') })).toBe(false);
  expect(isShown(day, { ...day, ...span('20T04:00', '21T04:00') })).toBe(false);
  expect(isShown(day, { ...day, customer: 'other' })).toBe(false);
  expect(isShown(day, { ...day, status_code: '404' })).toBe(false);
  expect(isShown(day, { ...day, group_by: 'module' })).toBe(false);
  expect(isShown(day, { customer: 'acme', group_by: 'route' })).toBe(false);
  expect(answerBefore(day)('answer', undefined)).toBeUndefined();
});

test('what is shown may not depend on all that is asked', () => {
  expect(isShown(day, { ...day, group_by: 'module', top: 20 }, ['group_by', 'top'])).toBe(true);
  expect(isShown(day, { ...day, group_by: 'module', customer: 'other' }, ['group_by', 'top'])).toBe(false);
});
