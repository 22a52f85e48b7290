import type { QueryClient } from '@tanstack/react-query';
import { hasEnded, type Operation } from '@/api/useOperation';
import { words } from './format';

const NAMES: Record<string, string> = {
  customer_create: 'Sign-up',
  customer_delete: 'Deletion',
  customer_restore: 'Restore',
};

/** What the operation is called: customer_create is a sign-up. */
export const operationName = (kind: string) => NAMES[kind] ?? words(kind);

/** Whether it can be tried once more: it died, and waits for somebody to look. */
export const canBeRetried = ({ status }: Pick<Operation, 'status'>) => status === 'dead';

/** Whether it can be taken back: only what brings a customer into being, while it is under way. */
export const canBeCanceled = (operation: Operation) =>
  !hasEnded(operation) && operation.kind !== 'customer_delete' && operation.cancel_requested_at == null;

/** How many seconds it took, or has taken until `now`; null when it hasn't begun. */
export function secondsOf(work: { started_at?: string | null; finished_at?: string | null }, now = Date.now()): number | null {
  if (!work.started_at) return null;
  const end = work.finished_at ? Date.parse(work.finished_at) : now;
  return Math.max(0, (end - Date.parse(work.started_at)) / 1000);
}

/** Asks again for what an operation touches: itself, the lists it is in, and the customer it makes or takes away. */
export function operationChanged(client: QueryClient) {
  void client.invalidateQueries({
    predicate: ({ queryKey }) => typeof queryKey[1] === 'string' && /\/(operations|customers|statistics)/.test(queryKey[1]),
  });
}
