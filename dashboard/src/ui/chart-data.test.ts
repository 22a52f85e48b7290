import { describe, expect, it } from 'vitest';
import { drawn, isEmpty, lengthOf } from './chart-data';

const series = [
  { key: 'a', label: 'A', values: [1, null, 3] },
  { key: 'b', label: 'B', values: [10, 20, null] },
];

describe('a chart', () => {
  it('puts stacked values on top of each other, and leaves others alone', () => {
    expect(drawn({ label: 'x', series, stacked: true })).toEqual([[1, 0, 3], [11, 20, 3]]);
    expect(drawn({ label: 'x', series })).toEqual([[1, null, 3], [10, 20, null]]);
  });
  it('is empty when nothing was counted or measured', () => {
    expect(isEmpty([{ label: 'x', series: [{ key: 'a', label: 'A', values: [0, null] }] }])).toBe(true);
    expect(isEmpty([{ label: 'x', series }])).toBe(false);
  });
  it('takes a point to be as long as the next one is away', () => {
    expect(lengthOf(['2026-11-29T03:00:00Z', '2026-11-29T03:05:00Z'])).toBe(300);
    expect(lengthOf(['2026-11-29T03:00:00Z', '2026-11-29T03:05:00Z'], 60)).toBe(60);
  });
});
