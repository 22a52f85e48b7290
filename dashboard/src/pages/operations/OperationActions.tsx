import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { confirm } from '@/ui/confirm';
import { complain, say } from '@/ui/notify';
import { isOver, operationName } from './kinds';

/** What may be done with an operation: another attempt for a dead one, taking back a sign-up that is under way. */
export function OperationActions({ operation }: { operation: Schema<'OperationView'> }) {
  const may = useMay()('operations:write');
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  if (!may) return null;
  const { id, customer_id: customer } = operation;
  const refresh = () => client.invalidateQueries({ predicate: ({ queryKey }) => /\/(operations|statistics)/.test(String(queryKey[1])) });
  const retry = async () => {
    setBusy(true);
    try {
      await taken(api.POST('/api/admin/operations/{id}/retry', { params: { path: { id } } }));
      say('Queued again', 'A worker goes on where it stopped.');
      await refresh();
    } catch (error) {
      complain(error);
    }
    setBusy(false);
  };
  const cancel = () =>
    confirm({
      title: `Take the ${operationName(operation.kind).toLowerCase()} of ${customer} back`,
      consequences: [
        'What was begun is undone: the database, its users and files are removed again.',
        `${customer} isn’t served, and the name is free afterwards.`,
        'A step that is under way is finished first.',
      ],
      word: customer,
      act: 'Take it back',
      run: async () => {
        await taken(api.POST('/api/admin/operations/{id}/cancel', { params: { path: { id } } }));
        await refresh();
      },
    });
  const canCancel = operation.kind !== 'customer_delete' && !isOver(operation.status) && operation.cancel_requested_at == null;
  return (
    <>
      {operation.status === 'dead' && (
        <Button loading={busy} onClick={() => void retry()}>
          Try again
        </Button>
      )}
      {canCancel && (
        <Button variant="default" onClick={cancel}>
          Take it back
        </Button>
      )}
    </>
  );
}
