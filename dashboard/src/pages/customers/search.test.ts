import { expect, test } from 'vitest';
import { changedSearch, csvOf, customersSearch, filterOf } from './search';
import { wrongId } from '@/api/customerId';
import { idOf } from './sign-up/signUpForm';
import { columnsOf } from './useColumns';
import { queryOf, searchOf } from './views/view';

test('what an address says is read, what means nothing is left out', () => {
  expect(customersSearch({ q: 42, status: 'trial,gold,active', plan: '', sort: '-created_at', module: 'Ai', signed_up: 'yesterday', x: 1 })).toEqual({
    q: '42',
    status: 'trial,active',
    sort: '-created_at',
  });
});

test('the columns stand in the address, in their order', () => {
  expect(customersSearch({ columns: 'plan,status' })).toEqual({ columns: 'plan,status' });
  expect(customersSearch({ columns: 'plan, <b>' })).toEqual({});
  expect(columnsOf(['plan', 'nothing', 'status', 'plan']).map(({ id }) => id)).toEqual(['customer', 'plan', 'status']);
  expect(columnsOf([]).map(({ id }) => id)).toEqual(['customer']);
});

test('another choice of columns, and one that changes nothing, leave the page of the listing', () => {
  const before = { q: 'acme', page: 'mark.cursor', x: 1 };
  expect(changedSearch(before, { columns: 'plan' })).toEqual({ q: 'acme', columns: 'plan', page: 'mark.cursor' });
  expect(changedSearch(before, { q: undefined })).toEqual({ page: 'mark.cursor' });
  expect(changedSearch({ q: 'acme' }, { sort: 'plan' })).toEqual({ q: 'acme', sort: 'plan' });
});

test('a view keeps its columns with its filters', () => {
  const kept = queryOf({ status: 'trial', columns: 'plan,status' });
  expect(searchOf({ query: kept })).toEqual({ status: 'trial', columns: 'plan,status' });
});

test('the file has what the table shows', () => {
  const filter = filterOf({ q: 'a&b', signed_up: '24h' }, Date.parse('2026-11-29T04:31:00Z'));
  expect(csvOf(filter)).toBe('/api/admin/customers.csv?q=a%26b&created_at%5Bgte%5D=2026-11-28T04%3A00%3A00.000Z&sort=-created_at');
});

test('those who signed up between two moments are asked for', () => {
  const [from, until] = ['2026-11-28T04:00:00.000Z', '2026-11-28T05:00:00.000Z'];
  expect(customersSearch({ from, until })).toEqual({ from, until });
  expect(customersSearch({ from: until, until: from })).toEqual({});
  expect(customersSearch({ from })).toEqual({});
  expect(filterOf({ from, until }, Date.now())).toMatchObject({ 'created_at[gte]': from, 'created_at[lt]': until });
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
