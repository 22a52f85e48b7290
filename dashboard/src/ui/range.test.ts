import { expect, test } from 'vitest';
import { rangeOf, rangeSearch } from './range';

test('an address names a span or two moments, and nothing else is a range', () => {
  expect(rangeOf({ range: '7d' })).toEqual({ range: '7d' });
  expect(rangeOf({ range: '8d' })).toEqual({});
  expect(rangeOf({ range: 'toString' })).toEqual({});
  const from = '2026-11-01T00:00:00Z';
  const until = '2026-11-02T00:00:00Z';
  expect(rangeOf({ from, until, range: '7d' })).toEqual({ from, until });
  expect(rangeOf({ from: until, until: from })).toEqual({});
  expect(rangeOf({ from: 'soon', until })).toEqual({});
});

test('two moments are compared as moments, whatever their offsets', () => {
  const [from, until] = ['2026-11-02T00:30:00+02:00', '2026-11-01T23:00:00Z'];
  expect(rangeOf({ from, until })).toEqual({ from, until });
  expect(rangeOf({ from: until, until: from })).toEqual({});
});

test('a range goes into an address as the span that it is, or as its moments', () => {
  const moments = { from: '2026-11-01T00:00:00Z', until: '2026-11-02T00:00:00Z' };
  expect(rangeSearch({ name: '7d', ...moments })).toEqual({ range: '7d' });
  expect(rangeSearch({ name: null, ...moments })).toEqual(moments);
});
