import { afterEach, expect, test, vi } from 'vitest';
import { ago, between, bytes, compact, milliseconds, minuteOf, money, secondOf, share, span, words, zone } from './format';

afterEach(() => void vi.useRealTimers());

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

test('a year is named when it isn’t this one', () => {
  vi.setSystemTime('2026-11-30T12:00:00Z');
  const local = (text: string) => new Date(text);
  expect(minuteOf(local('2026-11-29T03:12'))).toBe('29 Nov, 03:12');
  expect(minuteOf(local('2025-11-29T03:12'))).toBe('29 Nov 2025, 03:12');
  expect(secondOf(local('2026-11-29T03:12:45'))).toBe('29 Nov, 03:12:45');
  expect(secondOf(local('2025-11-29T03:12:45'))).toBe('29 Nov 2025, 03:12:45');
});

test('a span names its zone, and the years at both ends or at neither', () => {
  vi.setSystemTime('2026-11-30T12:00:00Z');
  const local = (text: string) => new Date(text);
  expect(between(local('2026-11-28T05:00'), local('2026-11-29T05:00'))).toBe(`28 Nov, 05:00 – 29 Nov, 05:00 ${zone}`);
  expect(between(local('2025-11-30T05:00'), local('2026-11-30T05:00'))).toBe(`30 Nov 2025, 05:00 – 30 Nov 2026, 05:00 ${zone}`);
  expect(between(local('2025-11-28T05:00'), local('2025-11-29T05:00'))).toBe(`28 Nov 2025, 05:00 – 29 Nov 2025, 05:00 ${zone}`);
});
