import { expect, test } from 'vitest';
import type { Who } from './session';
import { codesFor, stepOf } from './step';

const at = (next: string | null) => ({ session: { next } }) as Who;

test('a session says what is next, and nobody’s begins with the password', () => {
  expect(stepOf(null, null)).toBe('password');
  expect(stepOf(at('show_code'), null)).toBe('show_code');
  expect(stepOf(at(null), null)).toBeNull();
  expect(stepOf({ session: null } as Who, null)).toBeNull();
});

test('recovery codes stay until they are put away, whatever the session says meanwhile', () => {
  const codes = ['one', 'two'];
  for (const who of [at('set_up_authenticator'), at('change_password'), at(null), null]) expect(stepOf(who, codes)).toBe('keep_codes');
});

test('recovery codes are shown to whose they are, also when their session ends, and to nobody else', () => {
  const as = (operator_id: string) => ({ operator_id, session: { next: null } }) as Who;
  const kept = { of: 'ada', codes: ['one', 'two'] };
  expect(codesFor(kept, as('ada'))).toEqual(kept.codes);
  expect(codesFor(kept, null)).toEqual(kept.codes);
  expect(codesFor(kept, as('ben'))).toBeNull();
  expect(codesFor(null, as('ada'))).toBeNull();
});
