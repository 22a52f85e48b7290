import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { askAgain, askAgainCalmly, askedBy } from './askAgain';

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

const SLOW = ['get', '/api/admin/statistics/work'];
const ofStatistics = askedBy(/\/statistics/);
const later = () => new Promise((then) => setTimeout(then));

/** A question that somebody looks at, and whose answers are given by hand. */
function slow() {
  const client = new QueryClient();
  const asked: { isOff: () => boolean; answer: (value: string) => Promise<unknown> }[] = [];
  const queryFn = ({ signal }: { signal: AbortSignal }) =>
    new Promise<string>((resolve) => {
      asked.push({ isOff: () => signal.aborted, answer: (value) => (resolve(value), later()) });
    });
  new QueryObserver(client, { queryKey: SLOW, queryFn }).subscribe(() => {});
  return { client, asked, shown: () => client.getQueryData(SLOW) };
}

test('what is under way is answered while things change all the time, and is asked once more after that', async () => {
  const { client, asked, shown } = slow();
  await asked[0]!.answer('first');
  void askAgainCalmly(client, ofStatistics);
  for (let news = 0; news < 5; news += 1) {
    await later();
    void askAgainCalmly(client, ofStatistics);
  }
  expect(asked.map(({ isOff }) => isOff())).toEqual([false, false]);
  await asked[1]!.answer('second');
  expect(shown()).toBe('second');
  expect(asked).toHaveLength(3);
  await asked[2]!.answer('third');
  expect(shown()).toBe('third');
  // Nothing changed meanwhile.
  expect(asked).toHaveLength(3);
});

test('a first answer that is under way is waited for, too', async () => {
  const { client, asked } = slow();
  void askAgainCalmly(client, ofStatistics);
  void askAgainCalmly(client, askedBy(/\/elsewhere/));
  expect(asked).toHaveLength(1);
  await asked[0]!.answer('first');
  expect(asked).toHaveLength(2);
});

test('after an act, what is shown is newer than the act', async () => {
  const { client, asked, shown } = slow();
  // Nothing is shown yet: the first answer may be of before the act.
  void askAgain(client, /\/statistics/);
  await asked[0]!.answer('of before');
  expect(asked).toHaveLength(2);
  void askAgain(client, /\/statistics/);
  expect(asked.map(({ isOff }) => isOff())).toEqual([false, true, false]);
  await asked[1]!.answer('of between');
  expect(shown()).toBe('of before');
  await asked[2]!.answer('of after');
  expect(shown()).toBe('of after');
});

test('what was broken off for a change that is shown already isn’t asked again beside it', async () => {
  const { client, asked, shown } = slow();
  await asked[0]!.answer('first');
  void askAgainCalmly(client, ofStatistics);
  await later();
  // News of more while it is under way: it is owed.
  void askAgainCalmly(client, ofStatistics);
  await client.cancelQueries({ queryKey: SLOW });
  client.setQueryData(SLOW, 'as it will be');
  await later();
  expect(asked.map(({ isOff }) => isOff())).toEqual([false, true]);
  expect(shown()).toBe('as it will be');
  // It is owed no more, and news are asked for as ever.
  void askAgainCalmly(client, ofStatistics);
  expect(asked).toHaveLength(3);
  await asked[2]!.answer('of after');
  expect(shown()).toBe('of after');
  expect(asked).toHaveLength(3);
});
