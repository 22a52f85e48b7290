import { expect, test } from 'vitest';
import { refusalOf, wayBack } from './setOut';

const at = (pathname: string, search = '') => ({ pathname, search });
const key = '/admin/customers/acme/keys?key=1#top';

test('whoever comes back goes on where they set out', () => {
  expect(wayBack(at('/admin'), key).to).toBe(key);
  expect(wayBack(at('/admin/'), key).to).toBe(key);
  expect(wayBack(at('/admin'), null)).toEqual({ to: undefined, refused: undefined });
});

test('whoever is refused is told, and keeps the page', () => {
  expect(wayBack(at('/admin', '?refused=no-account'), key)).toEqual({ to: key, refused: 'no-account' });
  // The word goes from the address.
  expect(wayBack(at('/admin', '?refused=no-account'), null)).toEqual({ to: '/admin', refused: 'no-account' });
});

test('another page, another range and another site are left as they are', () => {
  expect(wayBack(at('/admin/customers'), key)).toEqual({});
  expect(wayBack(at('/admin', '?range=7d'), key)).toEqual({});
  for (const from of ['https://evil.test/admin', '//evil.test', '/administrator', '/api/docs', 'javascript:alert(1)']) expect(wayBack(at('/admin'), from).to).toBeUndefined();
});

test('the address has no words of its own', () => {
  expect(refusalOf('no-account')).toContain('Ask an owner');
  expect(refusalOf('<b>send your password to')).not.toContain('password');
});
