import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askedBy } from './askAgain';
import { askOnceMore } from './askOnceMore';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const jobs = ['get', '/api/admin/jobs'];
const health = ['get', '/api/admin/health'];
const later = ['get', '/api/admin/jobs/{id}'];
const isMeant = askedBy(/\/jobs/);

/** A page that looks at these; how often each was asked for, and how to answer what is under way. */
function page(client: QueryClient) {
  const asked: Record<string, number> = {};
  const waiting: (() => void)[] = [];
  const look = (queryKey: string[]) => {
    const queryFn = () => {
      asked[queryKey[1]!] = (asked[queryKey[1]!] ?? 0) + 1;
      return new Promise<string>((resolve) => waiting.push(() => resolve('answered')));
    };
    return new QueryObserver<string>(client, { queryKey, queryFn, staleTime: 10_000 }).subscribe(() => {});
  };
  const answer = async () => {
    for (const one of waiting.splice(0)) one();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { asked, look, answer };
}

test('what was asked before is asked once more when the page has long been there, and nothing else', async () => {
  const client = new QueryClient();
  client.setQueryData(jobs, 'asked early');
  const { asked, look, answer } = page(client);
  look(jobs);
  look(health);
  await answer();
  askOnceMore(client, isMeant);
  look(later);
  await answer();
  expect(asked).toEqual({ '/api/admin/health': 1, '/api/admin/jobs/{id}': 1 });
  await vi.advanceTimersByTimeAsync(60_000);
  await answer();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual({ '/api/admin/health': 1, '/api/admin/jobs/{id}': 1, '/api/admin/jobs': 1 });
});

test('an answer that was under way is of before, and one that was asked for meanwhile is not', async () => {
  const client = new QueryClient();
  const { asked, look, answer } = page(client);
  look(jobs);
  askOnceMore(client, isMeant);
  await answer();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual({ '/api/admin/jobs': 2 });
  await answer();
  askOnceMore(client, isMeant);
  void client.refetchQueries({ queryKey: jobs });
  await answer();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual({ '/api/admin/jobs': 3 });
});

test('it can be called off', async () => {
  const client = new QueryClient();
  const { asked, look, answer } = page(client);
  look(jobs);
  await answer();
  askOnceMore(client, isMeant)();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual({ '/api/admin/jobs': 1 });
});
