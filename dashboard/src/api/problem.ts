import type { Schema } from './client';

/** What went wrong, as the server's problem document or as the lack of an answer. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** The request's id, for whoever reads the server's log. */
  instance?: string;
  errors: { field: string; message: string }[];
};

/** Whatever was thrown or answered, as a problem. */
export function problemOf(error: unknown): Problem {
  if (isDocument(error)) {
    return {
      type: error.type,
      title: error.title,
      status: error.status,
      detail: error.detail ?? '',
      instance: error.instance ?? undefined,
      errors: error.errors ?? [],
    };
  }
  const offline = error instanceof TypeError;
  return {
    type: 'about:blank',
    title: offline ? 'The server can’t be reached' : 'Something went wrong on this page',
    status: 0,
    detail: offline
      ? 'Check the connection, then try again. A change that was under way may have been made all the same; trying again doesn’t make it twice.'
      : error instanceof Error
        ? error.message
        : 'Reload the page and try again.',
    errors: [],
  };
}

/** Whether a change was refused because somebody else made one first: the thing isn't as it was read. */
export const isOvertaken = (error: unknown) => problemOf(error).status === 412;

/** Messages by the name of the form's field: `/customer_id` becomes `customer_id`. */
export function fieldErrors(problem: Problem): Record<string, string> {
  const named = problem.errors.map(({ field, message }) => [field.replace(/^\//, '').replaceAll('/', '.'), message]);
  return Object.fromEntries(named) as Record<string, string>;
}

function isDocument(error: unknown): error is Schema<'ProblemDocument'> {
  return typeof error === 'object' && error !== null && 'status' in error && 'title' in error && 'type' in error;
}
