import { expect, test } from 'vitest';
import { whatBecame } from './became';

const plain = { is_being_undone: false, cancel_requested_at: null };
const error = 'could not write: the disk is full';

test('an attempt that failed is tried again as long as the operation goes on', () => {
  for (const status of ['queued', 'running']) {
    expect(whatBecame({ ...plain, status, error })?.title).toBe('An attempt failed');
    expect(whatBecame({ ...plain, status, error: null })).toBeNull();
  }
});

test('one that succeeded after all needs nothing', () => {
  expect(whatBecame({ ...plain, status: 'succeeded', error: null })).toBeNull();
  const became = whatBecame({ ...plain, status: 'succeeded', error });
  expect(became?.title).toContain('It was done');
  expect(became?.next).not.toContain('tried again');
});

test('one that didn’t says what to do, whether or not it says why', () => {
  expect(whatBecame({ ...plain, status: 'dead', error })?.tone).toBe('bad');
  expect(whatBecame({ ...plain, status: 'failed', error: null })?.title).toBe('It could not be done');
  expect(whatBecame({ ...plain, status: 'canceled', error })?.title).toBe('It was taken back');
});

test('what is being undone is not tried again, and trying that again signs nobody up', () => {
  const undone = { error, is_being_undone: true, cancel_requested_at: null };
  for (const status of ['queued', 'running']) expect(whatBecame({ ...undone, status })?.title).toBe('It could not be done');
  expect(whatBecame({ ...undone, status: 'running', error: null, cancel_requested_at: '2026-11-29T02:59:00Z' })?.title).toBe('It is being taken back');
  expect(whatBecame({ ...undone, status: 'dead' })?.next).toContain('undoing goes on');
  expect(whatBecame({ ...undone, status: 'failed' })?.title).toBe('It could not be done');
  expect(whatBecame({ ...plain, status: 'dead', error })?.title).toBe('It could not be done');
});
