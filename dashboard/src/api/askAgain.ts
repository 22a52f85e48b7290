import type { QueryClient } from '@tanstack/react-query';

/** Has everything asked for again whose path this matches; `/\/clerk/` is all that is asked about Clerk. */
export const askAgain = (client: QueryClient, paths: RegExp): Promise<void> =>
  client.invalidateQueries({ predicate: ({ queryKey: [, path] }) => typeof path === 'string' && paths.test(path) });
