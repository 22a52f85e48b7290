/** The states of an operation, in the order in which an operator wants to see them. */
export const OPERATION_STATUSES = ['dead', 'failed', 'running', 'queued', 'succeeded', 'canceled'] as const;

/** The states of a job. */
export const JOB_STATUSES = ['dead', 'running', 'queued', 'succeeded', 'canceled'] as const;
