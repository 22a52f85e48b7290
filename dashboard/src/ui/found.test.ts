import { expect, test } from 'vitest';
import { exactTime } from './format';
import { foundText } from './found';

const first = { hasAfter: false, page: 1, noun: 'customer' };

test('what was found is told with all that there is of it', () => {
  expect(foundText({ ...first, shown: 50, total: 10_000, hasAfter: true })).toBe('50 of 10,000 customers');
  expect(foundText({ ...first, shown: 1, total: 1 })).toBe('1 of 1 customer');
  expect(foundText({ ...first, shown: 50, hasAfter: true })).toBe('50 customers, and more after them');
  expect(foundText({ ...first, shown: 3 })).toBe('3 customers');
  expect(foundText({ ...first, shown: 0, total: 0 })).toBe('No customer is like that');
});

test('pages are told apart, though they have as many rows', () => {
  expect(foundText({ ...first, shown: 50, total: 120, page: 2, hasAfter: true })).toBe('Page 2: 50 of 120 customers');
  expect(foundText({ ...first, shown: 20, total: 120, page: undefined })).toBe('A later page: 20 of 120 customers');
  expect(foundText({ ...first, shown: 0, page: 2 })).toBe('Page 2: No further customer is like that');
});

test('what was not looked through yet isn’t said to be empty, nor to have more', () => {
  const backTo = '2026-11-29T03:12:45Z';
  const part = { ...first, noun: 'request', hasAfter: true };
  expect(foundText({ ...part, shown: 0, looked: { backTo } })).toBe(`Looked back to ${exactTime(backTo)}; none so far`);
  expect(foundText({ ...part, shown: 0, looked: { backTo: undefined }, page: 3 })).toBe('Page 3: Not everything was looked through; no more so far');
  expect(foundText({ ...part, shown: 1, looked: { backTo } })).toBe(`1 request so far. Looked back to ${exactTime(backTo)}`);
});
