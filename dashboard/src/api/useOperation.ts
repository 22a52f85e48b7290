import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { askAgain } from './askAgain';
import { queries, type Schema } from './client';

/** Long work on a customer. */
export type Operation = Schema<'OperationView'>;

const ENDED = ['succeeded', 'failed', 'dead', 'canceled'];

/** How often it is asked for while it can't be heard, in milliseconds. */
const LOOK = 2000;

/** Whether nothing more will become of it by itself. */
export const hasEnded = ({ status }: Pick<Operation, 'status'>) => ENDED.includes(status);

/** Asks again for what an operation touches: itself, the lists it is in, and the customer it makes or takes away. */
export function operationChanged(client: QueryClient) {
  void askAgain(client, /\/(operations|customers|statistics)/);
}

/** An operation with its steps: while it is under way, the server tells every change. */
export function useOperation(id: string) {
  const client = useQueryClient();
  const [isDeaf, setDeaf] = useState(false);
  const asked = { params: { path: { id } } };
  const { queryKey } = queries.queryOptions('get', '/api/admin/operations/{id}', asked);
  const query = queries.useQuery('get', '/api/admin/operations/{id}', asked, {
    placeholderData: undefined,
    refetchInterval: ({ state }) => (isDeaf && state.data && !hasEnded(state.data) ? LOOK : 60_000),
  });
  const isOpen = query.data !== undefined && !hasEnded(query.data);
  useEffect(() => {
    if (!isOpen) return;
    const source = new EventSource(`/api/admin/operations/${encodeURIComponent(id)}/events`);
    source.addEventListener('operation', (event) => {
      const operation = JSON.parse((event as MessageEvent<string>).data) as Operation;
      setDeaf(false);
      client.setQueryData(queryKey, operation);
      if (!hasEnded(operation)) return;
      source.close();
      operationChanged(client);
    });
    source.onerror = () => setDeaf(true);
    return () => source.close();
    // The key is made anew each time; the id says all of it.
  }, [id, isOpen]);
  return query;
}
