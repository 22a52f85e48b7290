import { hasEnded, type Operation } from '@/api/useOperation';
import { words } from './format';

const NAMES: Record<string, string> = {
  customer_create: 'Sign-up',
  customer_delete: 'Deletion',
  customer_restore: 'Restore from a backup',
};

/** What the operation is called: customer_create is a sign-up. */
export const operationName = (kind: string) => NAMES[kind] ?? words(kind);

/** Whether it can be tried once more: it died, and waits for somebody to look. */
export const canBeRetried = ({ status }: Pick<Operation, 'status'>) => status === 'dead';

/** Whether it can be taken back: only what brings a customer into being, while it is under way. */
export const canBeCanceled = (operation: Operation) =>
  !hasEnded(operation) && operation.kind !== 'customer_delete' && operation.cancel_requested_at == null && !operation.is_being_undone;

/** What its status says when somebody wants it taken back, or when it could not be done and is undone by itself. */
export const statusLabel = (operation: Pick<Operation, 'status' | 'cancel_requested_at' | 'is_being_undone'>) =>
  hasEnded(operation) ? undefined : operation.cancel_requested_at ? 'Being taken back' : operation.is_being_undone ? 'Being undone' : undefined;
