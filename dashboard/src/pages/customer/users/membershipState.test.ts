import { expect, test } from 'vitest';
import { membershipState } from './membershipState';

const membership = { state: 'member', role: 'org:admin', is_synced: true, sync_error: null } as Parameters<typeof membershipState>[1];

test('that Clerk told nothing is told to those who would know what it tells', () => {
  expect(membershipState(true, null, true).label).toBe('Linked; Clerk told nothing');
  expect(membershipState(true, null, false).label).toBe('Linked');
  expect(membershipState(false, null, false).label).toBe('Not linked');
});

test('what it told is said with what came of it', () => {
  expect(membershipState(true, membership, true)).toEqual({ tone: 'ok', label: 'Member, Admin' });
  expect(membershipState(true, membership && { ...membership, is_synced: false, sync_error: 'the address is taken' }, true).label).toBe('Not brought in: the address is taken');
});
