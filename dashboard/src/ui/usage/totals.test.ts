import { expect, test } from 'vitest';
import { failing } from './totals';

test('of no requests, no part failed', () => {
  expect(failing({ requests: 8, failed: 2 })).toBe(0.25);
  expect(failing({ requests: 8, failed: 0 })).toBe(0);
  expect(failing({ requests: 0, failed: 0 })).toBeUndefined();
  expect(failing(undefined)).toBeUndefined();
});
