import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { queries, type Schema } from '@/api/client';
import { isOver } from './kinds';

/** An operation with its steps. While it is open, the server tells every change. */
export function useOperation(id: string) {
  const client = useQueryClient();
  const options = queries.queryOptions('get', '/api/admin/operations/{id}', { params: { path: { id } } });
  const query = queries.useQuery('get', '/api/admin/operations/{id}', { params: { path: { id } } }, { placeholderData: undefined });
  const isOpen = query.data !== undefined && !isOver(query.data.status);
  useEffect(() => {
    if (!isOpen) return;
    const source = new EventSource(`/api/admin/operations/${id}/events`);
    source.addEventListener('operation', (event) => {
      const operation = JSON.parse((event as MessageEvent<string>).data) as Schema<'OperationView'>;
      client.setQueryData(options.queryKey, operation);
      if (isOver(operation.status)) {
        source.close();
        // What it changed is seen in other places too.
        void client.invalidateQueries({ predicate: ({ queryKey }) => /\/(operations|customers|statistics)/.test(String(queryKey[1])) });
      }
    });
    return () => source.close();
    // The key is made anew each time; the id says all of it.
  }, [id, isOpen]);
  return query;
}
