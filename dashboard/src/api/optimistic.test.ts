import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { optimistically } from './optimistic';

type Row = { id: string; name: string };
const KEY = ['get', '/keys', {}];

const clientWith = (rows: Row[]) => {
  const client = new QueryClient();
  client.setQueryData(KEY, { data: rows, next_cursor: null });
  return client;
};
const rename = (row: Row) => (row.id === 'b' ? { ...row, name: 'after' } : row);

test('a change is seen before the server answers, and stays when it agrees', async () => {
  const client = clientWith([{ id: 'a', name: 'other' }, { id: 'b', name: 'before' }]);
  let answer: (value: string) => void = () => {};
  const done = optimistically(client, '/keys', rename, () => new Promise<string>((resolve) => (answer = resolve)));
  await new Promise((later) => setTimeout(later));
  expect(client.getQueryData(KEY)).toEqual({ data: [{ id: 'a', name: 'other' }, { id: 'b', name: 'after' }], next_cursor: null });
  answer('taken');
  expect(await done).toBe('taken');
  expect(client.getQueryData<{ data: Row[] }>(KEY)?.data[1]?.name).toBe('after');
});

test('a change that the server refuses is taken back, and the refusal is told', async () => {
  const client = clientWith([{ id: 'b', name: 'before' }]);
  await expect(optimistically<Row, void>(client, '/keys', () => null, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(client.getQueryData<{ data: Row[] }>(KEY)?.data).toEqual([{ id: 'b', name: 'before' }]);
});
