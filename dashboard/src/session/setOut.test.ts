import { afterEach, expect, test, vi } from 'vitest';
import { comeBack, forgetSetOut, refusal, refusalOf, setOut, wayBack } from './setOut';

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

afterEach(() => void vi.unstubAllGlobals());

test('whoever signs in with the password after all leaves nothing of it to the next one', () => {
  const kept = new Map<string, string>();
  const sessionStorage = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => kept.set(name, value), removeItem: (name: string) => kept.delete(name) };
  const replaceState = vi.fn();
  const window = { location: { pathname: '/admin/audit', search: '', hash: '' }, sessionStorage, history: { replaceState } };
  vi.stubGlobal('window', window);
  setOut();
  window.location = { pathname: '/admin', search: '?refused=unavailable', hash: '' };
  comeBack();
  expect(refusal()).toBe(refusalOf('unavailable'));
  expect(replaceState.mock.lastCall).toEqual([null, '', '/admin/audit']);
  setOut();
  forgetSetOut();
  expect(refusal()).toBeNull();
  expect(kept.size).toBe(0);
});
