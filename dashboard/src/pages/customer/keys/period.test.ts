import { expect, test } from 'vitest';
import { minuteOf } from '@/ui/format';
import { periodLabel } from './period';

test('days and months are called as the customer’s clocks have them', () => {
  // Midnight in Berlin, the evening before in UTC.
  expect(periodLabel('2026-11-28T23:00:00Z', 'day', 'Europe/Berlin')).toBe('29 Nov 2026');
  expect(periodLabel('2026-11-30T23:00:00Z', 'month', 'Europe/Berlin')).toBe('Dec 2026');
  expect(periodLabel('2026-11-30T11:00:00Z', 'month', 'Pacific/Kiritimati')).toBe('Dec 2026');
  expect(periodLabel('2026-11-29T05:00:00Z', 'day', 'America/New_York')).toBe('29 Nov 2026');
});

test('minutes and hours are told by the browser’s clocks', () => {
  const at = '2026-11-29T05:00:00Z';
  expect(periodLabel(at, 'hour', 'Europe/Berlin')).toBe(minuteOf(at));
});
