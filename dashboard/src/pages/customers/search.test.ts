import { expect, test } from 'vitest';
import { csvOf, customersSearch, filterOf } from './search';
import { wrongId } from '@/api/customerId';
import { idOf } from './sign-up/signUpForm';

test('what an address says is read, what means nothing is left out', () => {
  expect(customersSearch({ q: 42, status: 'trial,gold,active', plan: '', sort: '-created_at', module: 'Ai', signed_up: 'yesterday', x: 1 })).toEqual({
    q: '42',
    status: 'trial,active',
    sort: '-created_at',
  });
});

test('the file has what the table shows', () => {
  const filter = filterOf({ q: 'a&b', signed_up: '24h' }, Date.parse('2026-11-29T04:31:00Z'));
  expect(csvOf(filter)).toBe('/api/admin/customers.csv?q=a%26b&created_at%5Bgte%5D=2026-11-28T04%3A00%3A00.000Z&sort=-created_at');
});

test('a customerId is made of a name', () => {
  expect(idOf('Zürich Käse & Söhne AG')).toBe('zurich-kase-sohne-ag');
  expect(idOf('Groß 24/7')).toBe('gross-24-7');
  expect(wrongId(idOf('x'.repeat(60)))).toBeNull();
  expect(wrongId('Acme Corp')).not.toBeNull();
  // /customers/new is an address of these pages.
  expect(wrongId('new')).not.toBeNull();
  expect(wrongId('newer')).toBeNull();
});
