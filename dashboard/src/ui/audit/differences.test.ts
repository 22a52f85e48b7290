import { expect, test } from 'vitest';
import { differences } from './differences';
import { summaryOf } from './summary';

const entry = (old_values: unknown, new_values: unknown) => ({ id: '1', action: 'api_key_updated', admin_user_name: null, customer_id: null, customer_name: null, created_at: '2026-11-29T00:00:00Z', old_values, new_values });

test('values are told apart by their names, nested ones too, and what changed comes first', () => {
  const rows = differences({ a: 1, same: 'x', limits: { day: 10 }, gone: true }, { a: 1, same: 'x', limits: { day: 20 }, fresh: ['y', 2] });
  expect(rows).toEqual([
    { name: 'fresh', before: null, after: '["y", 2]', kind: 'added' },
    { name: 'gone', before: 'true', after: null, kind: 'removed' },
    { name: 'limits.day', before: '10', after: '20', kind: 'changed' },
    { name: 'a', before: '1', after: '1', kind: 'same' },
    { name: 'same', before: 'x', after: 'x', kind: 'same' },
  ]);
});

test('a value that became null is a change, and nothing against nothing is none', () => {
  expect(differences({ expires_at: '2027' }, { expires_at: null })).toEqual([{ name: 'expires_at', before: '2027', after: 'null', kind: 'changed' }]);
  expect(differences(null, null)).toEqual([]);
  expect(differences('text', 'text')).toEqual([{ name: 'value', before: 'text', after: 'text', kind: 'same' }]);
});

test('a row in one line says what tells most, and leaves out what is empty or an id', () => {
  const told = { zone: 'UTC', name: 'ERP', expires_at: null, networks: [], operation_id: '01a22585-5bb2-7288-b586-76e21101ceaf' };
  expect(summaryOf(entry(null, told))).toBe('name: ERP · zone: UTC');
  expect(summaryOf(entry({ roles: ['support'] }, { roles: ['support', 'billing'] }))).toBe('roles: support → support, billing');
  expect(summaryOf(entry(null, { instances: 3, trusted: [{ name: 'CA 2', standing: 'signs' }, { name: 'CA 1' }], note: '[x' }))).toBe('trusted: CA 2, CA 1 · instances: 3 · note: [x');
  expect(summaryOf(entry({ status: 'active' }, { status: 'revoked' }))).toBe('status: active → revoked');
});
