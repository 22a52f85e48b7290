import { expect, test } from 'vitest';
import { whatBecame } from './became';

const error = 'could not write: the disk is full';

test('an attempt that failed is tried again as long as the operation goes on', () => {
  for (const status of ['queued', 'running']) {
    expect(whatBecame({ status, error })?.title).toBe('An attempt failed');
    expect(whatBecame({ status, error: null })).toBeNull();
  }
});

test('one that succeeded after all needs nothing', () => {
  expect(whatBecame({ status: 'succeeded', error: null })).toBeNull();
  const became = whatBecame({ status: 'succeeded', error });
  expect(became?.title).toContain('It was done');
  expect(became?.next).not.toContain('tried again');
});

test('one that didn’t says what to do, whether or not it says why', () => {
  expect(whatBecame({ status: 'dead', error })?.tone).toBe('bad');
  expect(whatBecame({ status: 'failed', error: null })?.title).toBe('It could not be done');
  expect(whatBecame({ status: 'canceled', error })?.title).toBe('It was taken back');
});
