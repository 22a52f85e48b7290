import type { Schema } from '@/api/client';
import { Notice } from '@/ui/Notice';

const MEANS: Record<string, [string, string]> = {
  dead: ['It could not be done, and could not be taken back', 'Mend what the error names, then try again: the worker goes on at the step that failed. Nothing happens by itself.'],
  failed: ['It could not be done', 'Everything that it had begun was taken back. Mend the cause and begin anew.'],
  canceled: ['It was taken back', 'Somebody asked for it; everything that it had begun was undone.'],
};

/** What became of an operation that didn’t succeed, why, and what to do. */
export function Outcome({ operation }: { operation: Schema<'OperationView'> }) {
  const { status, error } = operation;
  const [title, next] = MEANS[status] ?? (error ? ['An attempt failed', 'It is tried again by itself, with longer and longer pauses.'] : []);
  if (!title) return null;
  return (
    <Notice tone={status === 'dead' ? 'bad' : status === 'failed' ? 'warn' : 'quiet'} title={title}>
      {error && (
        <p>
          <code>{error}</code>
        </p>
      )}
      <p>{next}</p>
    </Notice>
  );
}
