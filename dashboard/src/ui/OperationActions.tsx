import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '@/api/client';
import { taken } from '@/api/taken';
import { type Operation, operationChanged } from '@/api/useOperation';
import { useMay } from '@/session/session';
import { confirm } from './confirm';
import { complain, say } from './notify';
import { canBeCanceled, canBeRetried, operationName } from './operations';
import { useAct } from './useAct';
import { useAskedAct } from './useAskedAct';

/** What can be done about an operation by whoever may: try it again, take it back. */
export function OperationActions({ operation, compact = false }: { operation: Operation; compact?: boolean }) {
  const may = useMay();
  const client = useQueryClient();
  const { busy, run } = useAct();
  const { id, kind, customer_id: customer, is_being_undone: undone } = operation;
  const params = { params: { path: { id } } };
  const name = operationName(kind);
  const again = async () => {
    await taken(api.POST('/api/admin/operations/{id}/retry', params));
    say(`${name} of ${customer} is queued again`, undone ? 'A worker goes on undoing it.' : 'A worker goes on where it stopped.');
    operationChanged(client);
  };
  const retry = () =>
    run(async () => {
      try {
        await again();
      } catch (error) {
        complain(error);
        operationChanged(client);
      }
    });
  const cancel = () =>
    confirm({
      title: `Take back the ${name.toLowerCase()} of ${customer}?`,
      consequences: [
        'The steps that are done are undone, the last one first; the one under way is finished before.',
        'The database that was being made goes, and the first API key with it.',
        `${customer} isn’t served. Whoever signs them up again may use the same customerId.`,
      ],
      word: customer,
      act: 'Take it back',
      run: async () => {
        await taken(api.POST('/api/admin/operations/{id}/cancel', params));
        operationChanged(client);
      },
    });
  const retryIf = () =>
    confirm({
      title: undone ? `Try again to undo the ${name.toLowerCase()} of ${customer}?` : `Try the ${name.toLowerCase()} of ${customer} again?`,
      consequences: [undone ? 'A worker goes on undoing it where it stopped; when that is done, begin anew.' : 'A worker goes on where it stopped; steps that are done stay done.', 'If what stood in its way is still there, it will die again.'],
      act: 'Try again',
      danger: false,
      run: again,
    });
  const mayAct = may('operations:write');
  // From the palette. A click on somebody's link does nothing before it was agreed to.
  useAskedAct({ retry: mayAct && canBeRetried(operation) && retryIf, cancel: mayAct && canBeCanceled(operation) && cancel });
  if (!mayAct) return null;
  const size = compact ? 'compact-xs' : undefined;
  return (
    <>
      {canBeRetried(operation) && (
        <Button size={size} loading={busy} onClick={() => void retry()}>
          {undone ? 'Try again to undo it' : 'Try again'}
        </Button>
      )}
      {canBeCanceled(operation) && (
        <Button size={size} variant="default" onClick={cancel}>
          Take it back
        </Button>
      )}
    </>
  );
}
