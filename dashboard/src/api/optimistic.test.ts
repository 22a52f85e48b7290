import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { optimistically } from './optimistic';

type Row = { id: string; name: string };
const KEY = ['get', '/views', {}];
const VIEWS = { path: '/views' };

const clientWith = (rows: Row[]) => {
  const client = new QueryClient();
  client.setQueryData(KEY, { data: rows, next_cursor: null });
  return client;
};
const rename = (row: Row) => (row.id === 'b' ? { ...row, name: 'after' } : row);

test('a change is seen before the server answers, and stays when it agrees', async () => {
  const client = clientWith([{ id: 'a', name: 'other' }, { id: 'b', name: 'before' }]);
  let answer: (value: string) => void = () => {};
  const done = optimistically(client, VIEWS, rename, () => new Promise<string>((resolve) => (answer = resolve)));
  await new Promise((later) => setTimeout(later));
  expect(client.getQueryData(KEY)).toEqual({ data: [{ id: 'a', name: 'other' }, { id: 'b', name: 'after' }], next_cursor: null });
  answer('taken');
  expect(await done).toBe('taken');
  expect(client.getQueryData<{ data: Row[] }>(KEY)?.data[1]?.name).toBe('after');
});

test('a change that the server refuses is taken back, and the refusal is told', async () => {
  const client = clientWith([{ id: 'b', name: 'before' }]);
  await expect(optimistically<Row, void>(client, VIEWS, () => null, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(client.getQueryData<{ data: Row[] }>(KEY)?.data).toEqual([{ id: 'b', name: 'before' }]);
});

test('an answer that was under way before the change doesn’t undo it', async () => {
  const client = clientWith([{ id: 'b', name: 'before' }]);
  let answer: (value: unknown) => void = () => {};
  // As a page that asks every few seconds.
  const poll = client.fetchQuery({ queryKey: KEY, queryFn: () => new Promise((resolve) => (answer = resolve)) }).catch(() => null);
  const done = optimistically(client, VIEWS, rename, () => {
    answer({ data: [{ id: 'b', name: 'before' }] });
    return poll;
  });
  await done;
  expect(client.getQueryData<{ data: Row[] }>(KEY)?.data[0]?.name).toBe('after');
});

test('another customer’s listing stays as it is', async () => {
  const path = '/customers/{customer}/modules';
  const of = (customer: string, query?: object) => ['get', path, { params: { path: { customer }, query } }];
  const client = new QueryClient();
  const keys = [of('acme'), of('acme', { limit: 5 }), of('globex')];
  for (const key of keys) client.setQueryData(key, { data: [{ id: 'b', name: 'before' }] });
  const names = () => keys.map((key) => client.getQueryData<{ data: Row[] }>(key)?.data[0]?.name);
  await optimistically(client, { path, of: { customer: 'acme' } }, rename, () => Promise.resolve());
  expect(names()).toEqual(['after', 'after', 'before']);
  // Whose it is that was forgotten to be said is nobody's.
  await optimistically<Row, void>(client, { path }, () => null, () => Promise.resolve());
  expect(names()).toEqual(['after', 'after', 'before']);
});
