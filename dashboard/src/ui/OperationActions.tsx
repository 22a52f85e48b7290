import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import type { Operation } from '@/api/useOperation';
import { useMay } from '@/session/session';
import { confirm } from './confirm';
import { complain, say } from './notify';
import { canBeCanceled, canBeRetried, operationChanged, operationName } from './operations';

/** What can be done about an operation by whoever may: try it again, take it back. `again` follows it anew. */
export function OperationActions({ operation, again }: { operation: Operation; again: () => void }) {
  const may = useMay();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  if (!may('operations:write')) return null;
  const params = { params: { path: { id: operation.id } } };
  const name = operationName(operation.kind);
  const retry = async () => {
    setBusy(true);
    try {
      await taken(api.POST('/api/admin/operations/{id}/retry', params));
      say(`${name} of ${operation.customer_id} is queued again`);
      again();
    } catch (error) {
      complain(error);
    }
    setBusy(false);
    operationChanged(client);
  };
  const cancel = () =>
    confirm({
      title: `Take back the ${name.toLowerCase()} of ${operation.customer_id}?`,
      consequences: [
        'The steps that are done are undone, the last one first.',
        'The database that was being made goes, and the first API key with it.',
        'Whoever signs the customer up again may use the same customerId.',
      ],
      act: 'Take it back',
      run: async () => {
        await taken(api.POST('/api/admin/operations/{id}/cancel', params));
        operationChanged(client);
      },
    });
  return (
    <>
      {canBeRetried(operation) && (
        <Button size="compact-xs" loading={busy} onClick={() => void retry()}>
          Try again
        </Button>
      )}
      {canBeCanceled(operation) && (
        <Button size="compact-xs" variant="default" onClick={cancel}>
          Take back
        </Button>
      )}
    </>
  );
}
