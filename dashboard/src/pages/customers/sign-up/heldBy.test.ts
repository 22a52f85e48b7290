import { expect, test } from 'vitest';
import { heldBy } from './heldBy';

test('a customerId stays with whoever was deleted, and is held while something of a sign-up is there', () => {
  expect(heldBy({ kind: 'customer_delete', status: 'succeeded' })).toBe('a customer who was deleted');
  expect(heldBy({ kind: 'customer_delete', status: 'running' })).toBe('a customer who is being deleted');
  expect(heldBy({ kind: 'customer_create', status: 'queued' })).toBe('a sign-up under way');
  expect(heldBy({ kind: 'customer_restore', status: 'dead' })).toBe('a restore from a backup that was given up');
});

test('nobody is known to have it after a sign-up that came to nothing, or without any', () => {
  expect(heldBy({ kind: 'customer_create', status: 'failed' })).toBeNull();
  expect(heldBy({ kind: 'customer_create', status: 'canceled' })).toBeNull();
  expect(heldBy(undefined)).toBeNull();
});
