import { NOTHING, span } from './format';

/** Work that is tried again after a pause. */
type Work = { status: string; started_at?: string | null; finished_at?: string | null };

/** How long something took, or takes so far. */
export function took(from: string | null | undefined, until: string | null | undefined, now = Date.now()): string {
  if (!from) return NOTHING;
  const end = until ? Date.parse(until) : now;
  return span(Math.max(0, (end - Date.parse(from)) / 1000));
}

/** How long work took, or takes so far. While it waits for its turn nothing runs, though it may have been begun before. */
export const workTook = (work: Work, now?: number): string => (work.status === 'queued' ? NOTHING : took(work.started_at, work.finished_at, now));

/** When work runs or ran: that of the next attempt while it waits for it. */
export const runsAt = ({ status, started_at, run_at }: Work & { run_at: string }): string => (status === 'queued' ? run_at : (started_at ?? run_at));

type Operation = Work & { created_at: string; steps: readonly { started_at?: string | null }[] };

/** How long an operation waited for its turn, or waits so far; null when it was tried again: it began anew then, long after its steps did. */
export function waited({ created_at, started_at, finished_at, steps }: Operation, now?: number): string | null {
  const isAgain = steps.some((step) => step.started_at && (!started_at || Date.parse(step.started_at) < Date.parse(started_at)));
  return isAgain ? null : took(created_at, started_at ?? finished_at, now);
}
