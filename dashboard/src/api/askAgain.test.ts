import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { askAgain } from './askAgain';

test('what is asked by a matching path is asked again, whatever its parameters, and nothing else', async () => {
  const client = new QueryClient();
  const matching = [
    ['get', '/api/admin/customers', { params: { query: { q: 'demo' } } }],
    ['get', '/api/admin/customers/{customer}/backups', { params: { path: { customer: 'demo' } } }],
    ['get', '/api/admin/operations/{id}', 'by-hand'],
  ];
  // What isn't asked by a path has none; that it speaks of customers elsewhere in its key doesn't matter.
  const others = [['get', '/api/admin/jobs'], ['edit', 'customer', 'demo'], ['session'], ['get', 7], ['/customers', '/api/admin/health', '/customers']];
  for (const key of [...matching, ...others]) client.setQueryData(key, {});
  await askAgain(client, /\/(customers|operations)/);
  const isStale = (key: readonly unknown[]) => client.getQueryState(key)?.isInvalidated;
  expect(matching.map(isStale)).toEqual(matching.map(() => true));
  expect(others.map(isStale)).toEqual(others.map(() => false));
});
