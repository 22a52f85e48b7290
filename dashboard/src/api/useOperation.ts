import { useEffect, useState } from 'react';
import { queries, type Schema } from './client';

/** Long work on a customer. */
export type Operation = Schema<'OperationView'>;

const ENDED = ['succeeded', 'failed', 'dead', 'canceled'];

/** Whether nothing more will become of it by itself. */
export const hasEnded = (operation: Operation) => ENDED.includes(operation.status);

/** An operation as it goes on: told by the server, asked for while it can't be heard. Heard anew when `attempt` changes. */
export function useOperation(id: string, attempt = 0) {
  const [told, setTold] = useState<Operation | null>(null);
  const [deaf, setDeaf] = useState(false);
  useEffect(() => {
    setTold(null);
    const source = new EventSource(`/api/admin/operations/${encodeURIComponent(id)}/events`);
    source.addEventListener('operation', (event) => {
      const operation = JSON.parse((event as MessageEvent<string>).data) as Operation;
      setTold(operation);
      setDeaf(false);
      if (hasEnded(operation)) source.close();
    });
    source.onerror = () => setDeaf(true);
    return () => source.close();
  }, [id, attempt]);
  const asked = queries.useQuery(
    'get',
    '/api/admin/operations/{id}',
    { params: { path: { id } } },
    { enabled: deaf, refetchInterval: deaf && (told === null || !hasEnded(told)) ? 2000 : false, placeholderData: undefined },
  );
  return { data: (deaf ? asked.data : undefined) ?? told ?? undefined, error: deaf ? asked.error : null, refetch: asked.refetch };
}
