import { QueryClient } from '@tanstack/react-query';
import { expect, test, vi } from 'vitest';
import { forgetShown, sayNobody, type Who, whenGone } from './session';

const KEY = ['session'];
const as = (operator_id: string) => ({ operator_id, credential: 'session' }) as Who;

test('whoever comes after finds nothing of what was asked and answered', async () => {
  const client = new QueryClient();
  client.setQueryData(KEY, null);
  client.setQueryData(['get', '/api/admin/customers', {}], { data: [{ company_name: 'Acme' }] });
  await client.getMutationCache().build(client, { mutationKey: ['chain-proof'], gcTime: Infinity, mutationFn: async () => ({ rows: 12 }) }).execute(undefined);
  expect(client.getMutationCache().getAll()).toHaveLength(1);
  forgetShown(client);
  expect(client.getQueryData(KEY)).toBeNull();
  expect(client.getQueryCache().getAll()).toHaveLength(1);
  expect(client.getMutationCache().getAll()).toEqual([]);
});

test('whoever isn’t there any more is noticed once, whoever finds it', async () => {
  const client = new QueryClient();
  const gone = vi.fn();
  whenGone(client, gone);
  const found = (who: Who | null) => client.fetchQuery({ queryKey: KEY, queryFn: () => Promise.resolve(who) });
  await found(null);
  await found(as('ada'));
  await found({ ...as('ada'), name: 'Ada' } as Who);
  expect(gone).not.toHaveBeenCalled();
  // The page's own question is told that nobody is; then others are refused.
  await found(null);
  sayNobody(client);
  expect(gone.mock.calls).toEqual([[null]]);
  // Signing in again, and out.
  await found(as('ada'));
  sayNobody(client);
  sayNobody(client);
  await found(null);
  expect(gone.mock.calls).toEqual([[null], [null]]);
  // Somebody else, in another window.
  await found(as('ada'));
  await found(as('ben'));
  expect(gone.mock.lastCall).toEqual([as('ben')]);
  expect(gone).toHaveBeenCalledTimes(3);
});

test('who was there already is noticed too, and what is put away then stays so', () => {
  const client = new QueryClient();
  client.setQueryData(KEY, as('ada'));
  client.setQueryData(['get', '/api/admin/customers', {}], { data: [] });
  whenGone(client, () => forgetShown(client));
  sayNobody(client);
  expect(client.getQueryCache().getAll().map(({ queryKey }) => queryKey)).toEqual([KEY]);
});

test('an answer that is under way while somebody signs out doesn’t bring them back', async () => {
  const client = new QueryClient();
  client.setQueryData(KEY, as('ada'));
  let answer: (who: Who) => void = () => {};
  const asked = client.fetchQuery({ queryKey: KEY, queryFn: () => new Promise<Who>((resolve) => (answer = resolve)) }).catch(() => null);
  sayNobody(client);
  answer(as('ada'));
  await asked;
  expect(client.getQueryData(KEY)).toBeNull();
});
