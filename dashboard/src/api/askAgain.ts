import { CancelledError, type Query, type QueryClient } from '@tanstack/react-query';

/** Whether a question is meant. */
export type Meant = (query: Query) => boolean;

/** Everything that is asked by a path that this matches. */
export const askedBy =
  (paths: RegExp): Meant =>
  ({ queryKey: [, path] }) =>
    typeof path === 'string' && paths.test(path);

/**
 * Has everything asked for again whose path this matches; `/\/clerk/` is all that is asked about Clerk. For after an act: what is shown
 * then is newer than it, so what is under way is broken off.
 */
export function askAgain(client: QueryClient, paths: RegExp): Promise<void> {
  const isMeant = askedBy(paths);
  // What has no answer yet isn't broken off.
  askWhenAnswered(client, (query) => query.state.data === undefined && isMeant(query));
  return client.invalidateQueries({ predicate: isMeant });
}

/**
 * Has what is meant asked for again, since something changed that it may tell of. What is under way goes on: were it broken off at each
 * change, a slow question would never be answered while things change all the time. It may be older than the change, so it is asked
 * once more when it has its answer.
 */
export function askAgainCalmly(client: QueryClient, isMeant: Meant): Promise<void> {
  askWhenAnswered(client, isMeant);
  return client.invalidateQueries({ predicate: isMeant }, { cancelRefetch: false });
}

// What is under way, and is asked once more after it.
const owed = new WeakSet<Query>();

function askWhenAnswered(client: QueryClient, isMeant: Meant) {
  for (const query of client.getQueryCache().findAll({ fetchStatus: 'fetching', predicate: isMeant })) {
    if (owed.has(query)) continue;
    owed.add(query);
    const ask = () => {
      owed.delete(query);
      void askAgainCalmly(client, (one) => one === query);
    };
    // What was broken off is wanted by nobody now, or was for what is shown before the server knows of it (`optimistically`): whoever
    // comes next asks.
    const failed = (error: unknown) => {
      if (!(error instanceof CancelledError && error.revert)) return ask();
      owed.delete(query);
      query.invalidate();
    };
    query.promise?.then(ask, failed);
  }
}
