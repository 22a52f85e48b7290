import { expect, test } from 'vitest';
import { programOf } from './program';

test('a program is called by the browser that it is, not by those it claims to be', () => {
  expect(programOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36 Edg/131.0')).toBe('Edge on Windows');
  expect(programOf('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1')).toBe('Safari on iOS');
  expect(programOf('node')).toBe('node');
  expect(programOf(null)).toBe('An unnamed program');
});
