import { hasEnded, type Operation } from '@/api/useOperation';
import type { Tone } from './Status';

/** What became of an operation, and what is to be done now. */
export type Became = { tone: Extract<Tone, 'bad' | 'warn' | 'quiet'>; title: string; next: string };

const DEAD: Became = {
  tone: 'bad',
  title: 'It could not be done',
  next: 'Mend what the error names, then try again: the worker goes on at the step that failed. Nothing happens by itself.',
};

/** It is the undoing that died: nobody is signed up by trying that again. */
const NOT_UNDONE: Became = {
  tone: 'bad',
  title: 'It could not be done, and could not be taken back',
  next: 'Mend what the error names, then try again: undoing goes on at the step that failed, and when it is done, begin anew. Nothing happens by itself.',
};

const UNDOING = 'What it had begun is removed, the last step first; what fails of that is tried again by itself.';

const ENDED: Record<string, Became> = {
  failed: { tone: 'warn', title: 'It could not be done', next: 'Everything that it had begun was taken back. Mend the cause and begin anew.' },
  canceled: { tone: 'quiet', title: 'It was taken back', next: 'Somebody asked for it; everything that it had begun was undone.' },
};

/** What became of an operation; null when there is nothing to say of it. The error of an attempt stays, also when a later one succeeded. */
export function whatBecame(operation: Pick<Operation, 'status' | 'error' | 'is_being_undone' | 'cancel_requested_at'>): Became | null {
  const { status, is_being_undone: undone, cancel_requested_at: canceled } = operation;
  if (status === 'dead') return undone ? NOT_UNDONE : DEAD;
  const ended = ENDED[status];
  if (ended) return ended;
  if (undone && !hasEnded(operation)) return { tone: 'warn', title: canceled ? 'It is being taken back' : 'It could not be done', next: UNDOING };
  if (!operation.error) return null;
  if (hasEnded(operation)) return { tone: 'quiet', title: 'It was done; an earlier attempt had failed', next: 'Nothing is left to do.' };
  return { tone: 'quiet', title: 'An attempt failed', next: 'It is tried again by itself, with longer and longer pauses.' };
}
