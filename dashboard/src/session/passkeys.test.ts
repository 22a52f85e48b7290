import { expect, test } from 'vitest';
import { bytes, explained, text, whyNoPasskeys } from './passkeys';

test('bytes go there and back, whatever they are', () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  for (const length of [0, 1, 2, 3, 255, 256]) {
    const some = all.slice(256 - length);
    const encoded = text(some.buffer);
    expect(encoded).toMatch(/^[\w-]*$/);
    expect(bytes(encoded)).toEqual(some);
  }
});

test('what a browser says is told for people', () => {
  const cancelled = new Error('The operation either timed out or was not allowed.');
  cancelled.name = 'NotAllowedError';
  expect(explained(cancelled)).toMatchObject({ title: 'No passkey was used', detail: expect.stringContaining('You cancelled') });
  expect(explained(new Error('odd')).detail).toBe('odd');
  expect(explained(null).detail).toContain('Try again');
});

test('a page says why it has no passkeys', () => {
  const here = { origin: 'http://localhost:3000', hasPasskeys: true };
  expect(whyNoPasskeys('http://localhost:3000', here)).toBeNull();
  expect(whyNoPasskeys(undefined, here)).toBeNull();
  expect(whyNoPasskeys(null, here)).toContain('SIXTY_PUBLIC_URL');
  expect(whyNoPasskeys('http://localhost:3000', { ...here, origin: 'http://127.0.0.1:3000' })).toContain('at http://localhost:3000 only');
  expect(whyNoPasskeys('http://localhost:3000', { ...here, hasPasskeys: false })).toContain('This browser');
});
