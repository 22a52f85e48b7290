import { expect, test } from 'vitest';
import { shownPart } from './shownPart';

test('a whole key is cut to what lists show, wherever it stands', () => {
  expect(shownPart('sk_0123456789abcdefghij')).toBe('sk_01234567');
  expect(shownPart('Bearer op_0123456789abcdef x')).toBe('Bearer op_01234567 x');
  expect(shownPart('desk_lamp harbour')).toBe('desk_lamp harbour');
  expect(shownPart('sk_0123')).toBe('sk_0123');
});
