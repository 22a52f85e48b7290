import { expect, test } from 'vitest';
import { ago, bytes, compact, milliseconds, money, share, span, words } from './format';

test('numbers have their units', () => {
  expect(compact(9_999)).toBe('9,999');
  expect(compact(12_345)).toBe('12.3K');
  expect(compact(null)).toBe('–');
  expect(share(0.125)).toBe('12.5%');
  expect(milliseconds(3.24)).toBe('3.2 ms');
  expect(milliseconds(1500)).toBe('1.50 s');
  expect(bytes(999)).toBe('999 B');
  expect(bytes(1_234_567)).toBe('1.2 MB');
  expect(money('29.99')).toBe('$29.99 USD');
});

test('times are told as people do', () => {
  const now = Date.parse('2026-11-29T12:00:00Z');
  expect(ago('2026-11-29T11:57:00Z', now)).toBe('3 minutes ago');
  expect(ago('2026-11-30T13:00:00Z', now)).toBe('tomorrow');
  expect(span(0.25)).toBe('250 ms');
  expect(span(125)).toBe('2 min 5 s');
  expect(span(90_000)).toBe('1 d 1 h');
  expect(words('not_in_plan')).toBe('Not in plan');
});
