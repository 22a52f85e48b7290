import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { axisLabels, pointLabel } from './moments';

const local = (text: string) => new Date(text);
const seconds = (text: string) => local(text).getTime() / 1000;

// Moments of another year are told with it.
beforeAll(() => void vi.setSystemTime('2026-11-30T12:00:00Z'));
afterAll(() => void vi.useRealTimers());

describe('pointLabel', () => {
  it('names the span of a point once', () => {
    expect(pointLabel(local('2026-11-29T03:10').toISOString(), 300)).toBe('29 Nov, 03:10 – 03:15');
  });
  it('names the day at both ends when the point goes over midnight', () => {
    expect(pointLabel(local('2026-11-29T22:00').toISOString(), 4 * 3600)).toBe('29 Nov, 22:00 – 30 Nov, 02:00');
  });
  it('names a whole day as the day, and only then', () => {
    expect(pointLabel(local('2026-11-29T00:00').toISOString(), 86_400)).toBe('29 Nov 2026');
    expect(pointLabel(local('2026-11-29T01:00').toISOString(), 86_400)).toBe('29 Nov, 01:00 – 30 Nov, 01:00');
  });
  it('ends an hour before midnight at 00:00 of the same line', () => {
    expect(pointLabel(local('2026-11-29T23:00').toISOString(), 3600)).toBe('29 Nov, 23:00 – 00:00');
  });
});

describe('axisLabels', () => {
  it('shows hours, and the day where it begins', () => {
    expect(axisLabels([seconds('2026-11-28T21:00'), seconds('2026-11-29T00:00'), seconds('2026-11-29T03:00')], 3 * 3600)).toEqual(['21:00', '29 Nov', '03:00']);
  });
  it('shows months, and the year where it begins', () => {
    expect(axisLabels([seconds('2026-12-01T00:00'), seconds('2027-01-01T00:00')], 30 * 86_400)).toEqual(['Dec', '2027']);
  });
});
