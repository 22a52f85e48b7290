import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { keptFrom } from './keptFrom';

test('an answer that is kept beside a failure is as old as it is, however often it is tried again', async () => {
  const client = new QueryClient();
  let answer: () => Promise<string> = () => Promise.reject(new Error('away'));
  const query = new QueryObserver(client, { queryKey: ['health'], queryFn: () => answer(), retry: false });
  query.subscribe(() => {});
  const known = () => keptFrom(query.getCurrentResult());
  await query.refetch();
  // The failure itself is shown then.
  expect(known()).toBeNull();
  answer = () => Promise.resolve('well');
  await query.refetch();
  expect(known()).toBeNull();
  const { dataUpdatedAt } = query.getCurrentResult();
  answer = () => Promise.reject(new Error('away'));
  await query.refetch();
  expect(known()).toBe(dataUpdatedAt);
  const again = query.refetch();
  expect(known()).toBe(dataUpdatedAt);
  await again;
  expect(known()).toBe(dataUpdatedAt);
  answer = () => Promise.resolve('well again');
  await query.refetch();
  expect(known()).toBeNull();
});
