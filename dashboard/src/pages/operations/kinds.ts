import { words } from '@/ui/format';

const OPERATIONS: Record<string, string> = {
  customer_create: 'Sign-up',
  customer_delete: 'Deletion',
  customer_restore: 'Restore from a backup',
};

/** What an operation is for, in words. */
export const operationName = (kind: string) => OPERATIONS[kind] ?? words(kind);

/** The states of an operation, in the order in which an operator wants to see them. */
export const OPERATION_STATUSES = ['dead', 'failed', 'running', 'queued', 'succeeded', 'canceled'] as const;

/** The states of a job. */
export const JOB_STATUSES = ['dead', 'running', 'queued', 'succeeded'] as const;

/** Whether nothing more happens to an operation by itself. */
export const isOver = (status: string) => status !== 'queued' && status !== 'running';
