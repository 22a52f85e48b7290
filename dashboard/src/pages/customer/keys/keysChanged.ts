import type { QueryClient } from '@tanstack/react-query';

/** Has everything asked for again that shows keys. */
export const keysChanged = (client: QueryClient) =>
  void client.invalidateQueries({
    predicate: ({ queryKey }) => typeof queryKey[1] === 'string' && /\/(api-keys|timeline|search)/.test(queryKey[1]),
  });
