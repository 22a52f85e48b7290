import { expect, test } from 'vitest';
import { broughtUp } from './meanwhile';

const before = { name: 'ERP', limit: 5, access: 'chosen', permissions: ['read:deals'] };

test('what was written stays, and every other field takes the new value', () => {
  const { values, changed } = broughtUp({ ...before, name: 'ERP at night' }, before, { ...before, limit: 7 });
  expect(values).toEqual({ ...before, name: 'ERP at night', limit: 7 });
  expect(changed).toEqual(['limit']);
});

test('what somebody else wrote into the same field is told, and not taken', () => {
  const { values, changed } = broughtUp({ ...before, name: 'ERP at night' }, before, { ...before, name: 'Books' });
  expect(values.name).toBe('ERP at night');
  expect(changed).toEqual(['name']);
});

test('one’s own change, and the same change by somebody else, is none', () => {
  const written = { ...before, name: 'Books' };
  expect(broughtUp(written, before, { ...before, name: 'Books' })).toEqual({ values: written, changed: [] });
});

test('fields that mean one thing together are written or taken together', () => {
  const now = { ...before, access: 'read', permissions: [] };
  const written = { ...before, permissions: ['read:deals', 'read:tasks'] };
  const { values, changed } = broughtUp(written, before, now, [['access', 'permissions']]);
  expect(values).toEqual(written);
  expect(changed).toEqual(['access', 'permissions']);
  expect(broughtUp(before, before, now, [['access', 'permissions']]).values).toEqual(now);
});
